"""The files for other servers, held against those servers' own schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inkdigits import ConfigError
from inkdigits.deployment.serving_files import write_serving_files
from inkdigits.reading.classifier import Classifier
from inkdigits.reading.model_file import bundled_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving") / "files"
    write_serving_files(
        folder, image="registry.example/inkdigits:1", host="digits.example", storage="pvc://m/r"
    )
    return folder


def documents(path: Path) -> list[Any]:
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_the_model_is_as_it_was(folder: Path) -> None:
    assert (folder / "model_repository/inkdigits/1/model.onnx").read_bytes() == bundled_model()


def test_tritons_own_schema_takes_the_configuration(folder: Path) -> None:
    grpc = pytest.importorskip("tritonclient.grpc")
    text_format = pytest.importorskip("google.protobuf.text_format")
    text = (folder / "model_repository/inkdigits/config.pbtxt").read_text(encoding="utf-8")
    config = text_format.Parse(text, grpc.model_config_pb2.ModelConfig())
    (image,), (logits,) = config.input, config.output
    record = Classifier(bundled_model()).record
    assert (image.name, list(image.dims), config.max_batch_size) == ("ink", [28, 28], 512)
    labels = (folder / "model_repository/inkdigits" / logits.label_filename).read_text(encoding="utf-8")
    assert labels.split() == [*record.classes, *record.refusals]
    assert list(logits.dims) == [len(labels.split())]


def test_kubernetes_own_schema_takes_the_manifest(folder: Path) -> None:
    validate = pytest.importorskip("kubernetes_validate")
    kinds = []
    for document in documents(folder / "kubernetes.yaml"):
        validate.validate(document, validate.latest_version(), strict=True)
        kinds.append(document["kind"])
    assert kinds == ["Deployment", "Service", "HorizontalPodAutoscaler"]


def test_what_was_asked_for_is_in_the_files(folder: Path) -> None:
    (container,) = documents(folder / "kubernetes.yaml")[0]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/inkdigits:1"
    assert container["args"][-1] == "digits.example"
    (service,) = documents(folder / "inference_service.yaml")
    assert service["spec"]["predictor"]["model"]["storageUri"] == "pvc://m/r"


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(ConfigError, match="a new or an empty folder"):
        write_serving_files(tmp_path, image="i", host="h", storage="s")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
