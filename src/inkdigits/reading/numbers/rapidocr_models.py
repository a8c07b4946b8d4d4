"""The models inside the installed package rapidocr, which the extra `pages` brings.

Nothing is downloaded, and rapidocr itself, which would configure the process's logging, is never imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inkdigits.errors import ModelError
from inkdigits.extras import missing
from inkdigits.reading.session import open_session

__all__ = ["open_rapidocr"]


def open_rapidocr(part: str, name: str, n_threads: int) -> Any:
    """Open one of its models with ONNX Runtime.

    Args:
        part: `det`, which finds lines of text, or `rec`, which reads them.
        name: what errors call it.
        n_threads: threads for one call.

    Raises:
        MissingExtraError: the package rapidocr is not installed.
        ModelError: it has no such model.
    """
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise missing(ModuleNotFoundError(name="rapidocr"), "pages", for_what="a second reader")
    folder = Path(spec.origin).parent / "models"
    files = sorted(folder.glob(f"*_{part}_*.onnx"))
    if not files:
        raise ModelError(
            "the package rapidocr",
            expected=f"a model named *_{part}_*.onnx in its folder models",
            found=f"none in {folder}",
            remedy="Install another version: pip install 'inkdigits[pages]'.",
        )
    return open_session(files[-1].read_bytes(), name, n_threads)
