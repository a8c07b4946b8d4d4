"""Files of several pages, page by page: PDF, and TIFF with more than one page.

One page is in memory at a time. A page is named after its file and its number from 1: `form.pdf#2`. Rendering
PDF takes the package pypdfium2, which the extra `pdf` installs.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image, ImageSequence

from inkdigits.errors import ImageError
from inkdigits.pictures.images import InputLimits, n_further_pages

__all__ = ["PDF_SUFFIX", "document_pages"]

PDF_SUFFIX = ".pdf"

_DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_MOST_PAGES = 10_000


def document_pages(
    path: Path, limits: InputLimits | None = None
) -> Iterator[tuple[str, Path | Image.Image | ImageError]]:
    """Name each page of a file, in order, with its picture or why it cannot be had.

    A file that is no PDF and has a single page stands for itself, even where nothing is there.
    """
    limits = limits or InputLimits()
    if path.suffix.lower() == PDF_SUFFIX:
        yield from _pdf_pages(path, limits)
    elif n_further_pages(path, limits) and path.suffix.lower() != ".gif":
        yield from _tiff_pages(path)
    else:
        yield str(path), path


def _tiff_pages(path: Path) -> Iterator[tuple[str, Image.Image | ImageError]]:
    number = 1
    try:
        with Image.open(path, formats=("TIFF",)) as file:
            for number, page in enumerate(ImageSequence.Iterator(file), 1):
                yield f"{path}#{number}", page
    except (OSError, ValueError, SyntaxError) as error:
        yield f"{path}#{number}", _unreadable(f"{path}#{number}", "a TIFF page that can be decoded", error)


def _pdf_pages(path: Path, limits: InputLimits) -> Iterator[tuple[str, Image.Image | ImageError]]:
    opened = _open_pdf(path, limits)
    if isinstance(opened, ImageError):
        yield str(path), opened
        return
    try:
        for number in range(1, min(len(opened), _MOST_PAGES) + 1):
            name = f"{path}#{number}"
            yield name, _rendered(opened, number - 1, name, limits)
    finally:
        opened.close()


def _open_pdf(path: Path, limits: InputLimits) -> Any:
    """The document, or the `ImageError` that says why there is none."""
    if find_spec("pypdfium2") is None:
        return ImageError(
            path,
            expected="a picture, or a PDF and a package that renders it",
            found="a PDF document, and pypdfium2 is not installed",
            remedy="Install it: pip install 'inkdigits[pdf]'.",
        )
    try:
        n_bytes = path.stat().st_size
        if n_bytes > limits.max_bytes:
            return ImageError(
                path,
                expected=f"at most {limits.max_bytes} bytes",
                found=f"{n_bytes} bytes",
                remedy="Split the document.",
            )
        content = path.read_bytes()
    except OSError as error:
        return _unreadable(path, "a PDF document", error)
    pdfium = import_module("pypdfium2")
    try:
        return pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            return ImageError(
                path,
                expected="a PDF that opens without a password",
                found="an encrypted one",
                remedy="Save it without a password and try again.",
            )
        return _unreadable(path, "a PDF that is whole", error)


def _rendered(document: Any, index: int, name: str, limits: InputLimits) -> Image.Image | ImageError:
    """A page in grey at 200 dots per inch."""
    pdfium, scale = import_module("pypdfium2"), _DOTS_PER_INCH / _POINTS_PER_INCH
    try:
        page = document[index]
        try:
            width, height = (round(scale * side) for side in page.get_size())
            if width * height > limits.max_pixels or max(width, height) > limits.max_side:
                return ImageError(
                    name,
                    expected=f"at most {limits.max_pixels} pixels at {_DOTS_PER_INCH} dots per inch",
                    found=f"{width}x{height}",
                    remedy="Save the page smaller, or as a picture.",
                )
            picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil().copy()
        finally:
            page.close()
    except (pdfium.PdfiumError, ValueError, OSError) as error:
        return _unreadable(name, "a PDF page that can be rendered", error)
    return picture


def _unreadable(name: str | Path, expected: str, error: Exception) -> ImageError:
    found = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ImageError(name, expected=expected, found=found, remedy="Check the file, or save it again.")
