"""Checks the wheel in a folder: `python tools/check_wheel.py FOLDER`.

It must stay small, as `pip install inkdigits` is meant to be quick, and hold what is not code: the model,
the samples, the recipes, the page, the marker of types.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

__all__ = ["main"]

MOST_BYTES = 6_000_000
WANTED = (
    *(
        "weights/digits.onnx",
        "weights/numbers.onnx",
        "samples/7_crossed_biro.png",
        "recipes/best.toml",
        "py.typed",
    ),
    *("deployment/config.pbtxt", "deployment/kubernetes.yaml", "deployment/inference_service.yaml"),
    *("web/page/index.html", "web/page/page.css", "web/page/page.js", "web/page/icon.svg"),
)


def main(folder: Path) -> None:
    """Print its size, or fail."""
    (wheel,) = folder.glob("inkdigits-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    missing = [name for name in WANTED if f"inkdigits/{name}" not in names]
    n_bytes = wheel.stat().st_size
    print(f"{wheel.name}: {n_bytes / 1e6:.2f} MB, {len(names)} files")
    if missing:
        sys.exit(f"missing from the wheel: {', '.join(missing)}")
    if n_bytes > MOST_BYTES:
        sys.exit(f"expected at most {MOST_BYTES / 1e6:.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
