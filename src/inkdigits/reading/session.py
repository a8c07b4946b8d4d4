"""ONNX Runtime, with the same guards for every model: no telemetry, external data or spinning threads."""

from __future__ import annotations

import os
from typing import Any

from inkdigits.errors import ModelError

__all__ = ["open_session"]

_OTHER_FORMATS = {
    b"PK": "a zip archive, as Keras (.keras) and PyTorch (.pt) write",
    b"\x89HDF": "an HDF5 file, as Keras (.h5) writes",
    b"\x80": "a Python pickle",
    b"TFL3": "a TensorFlow Lite model",
}


def open_session(model: bytes, name: str, n_threads: int) -> Any:
    """Open an ONNX model with ONNX Runtime.

    Args:
        model: the bytes of the file, so that nothing beside it is opened.
        name: what errors call it.
        n_threads: threads for one call; 0 lets ONNX Runtime choose.

    Raises:
        ModelError: the file is not ONNX, or needs external data or custom operators.
    """
    # Since 1.29 ONNX Runtime reports to its makers what it runs, and keeps an id of the machine, unless this
    # is set before it is loaded. Whoever wants that sets it to 0.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # a fifth of what `import inkdigits` would take; most programs load a model later

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads that spin for work would burn a core of whoever embeds us.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # External data would be looked for in the working directory; nothing can be found in this one.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises several unrelated types for a bad file
        magics = {magic for magic in _OTHER_FORMATS if magic in (model[4:8], model[: len(magic)])}
        raise ModelError(
            name,
            expected="an ONNX model in one file, with standard operators",
            found=_OTHER_FORMATS[magics.pop()]
            if magics
            else (str(error).splitlines() or ["an empty file"])[0],
            remedy="Export it to ONNX, without external data; inkdigits train writes one.",
        ) from error
