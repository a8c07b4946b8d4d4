"""One ONNX file -> a model repository for Triton and KServe, and a manifest for the service on Kubernetes.

    DIR/model_repository/inkdigits/config.pbtxt    what Triton must know of inputs and outputs
    DIR/model_repository/inkdigits/labels.txt      the names of the outputs, in order
    DIR/model_repository/inkdigits/1/model.onnx    the model as it is
    DIR/inference_service.yaml                     the same for KServe
    DIR/kubernetes.yaml                            `inkdigits serve` with probes, limits and an autoscaler

A server that runs the bare model gives logits. It neither finds the ink in a picture nor refuses anything:
callers send 28x28 ink, and apply the thresholds in the file's metadata. The service does both.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from string import Template

from inkdigits.errors import ConfigError
from inkdigits.files import write_whole
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.model_file import bundled_model, read_model

__all__ = ["write_serving_files"]

_MAX_BATCH = 512
_TRITON_TYPES = {"float32": "TYPE_FP32", "float16": "TYPE_FP16", "uint8": "TYPE_UINT8"}


def write_serving_files(
    folder: Path, model: Path | None = None, *, image: str, host: str, storage: str
) -> list[Path]:
    """Write everything that serving the model elsewhere takes.

    Args:
        folder: a new or an empty one.
        model: an ONNX file; None for the bundled model.
        image: the container image of the service, as built from the Containerfile.
        host: the name that the service will be called by.
        storage: where KServe finds the model repository, such as `s3://models/inkdigits`.

    Returns:
        The files.

    Raises:
        ConfigError: the folder holds something.
        ModelError: the model cannot be used.
        OSError: the folder cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(
            folder,
            expected="a new or an empty folder",
            found="one with files in it",
            remedy="Name another folder, or empty this one.",
        )
    content = bundled_model() if model is None else read_model(model)
    classifier = Classifier(content)
    labels = (*classifier.record.classes, *classifier.record.refusals)
    name, shape, kind, output = classifier.signature
    values = {
        "max_batch": str(_MAX_BATCH),
        "input": name,
        "input_type": _TRITON_TYPES[kind],
        "input_dims": ", ".join(map(str, shape)),
        "output": output,
        "n_outputs": str(len(labels)),
        "image": image,
        "host": host,
        "storage": storage,
    }
    repository = folder / "model_repository" / "inkdigits"
    files: dict[Path, bytes | str] = {
        repository / "config.pbtxt": _filled("config.pbtxt", values),
        repository / "labels.txt": "".join(f"{label}\n" for label in labels),
        repository / "1" / "model.onnx": content,
        folder / "inference_service.yaml": _filled("inference_service.yaml", values),
        folder / "kubernetes.yaml": _filled("kubernetes.yaml", values),
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return list(files)


def _filled(name: str, values: dict[str, str]) -> str:
    template = (resources.files("inkdigits") / "deployment" / name).read_text(encoding="utf-8")
    return Template(template).substitute(values)
