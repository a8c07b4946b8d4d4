"""Files of several pages, page by page: PDF, and TIFF with more than one page.

One page is in memory at a time. A page is named after its file and its number from 1: `form.pdf#2`. Rendering
PDF takes the package pypdfium2, which the extra `pdf` installs; it must not be used by two threads at a time.
"""

from __future__ import annotations

import io
import time
from collections.abc import Generator, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from inkdigits.errors import ImageError
from inkdigits.pictures.formats import HEAD_BYTES, format_of
from inkdigits.pictures.images import InputLimits, n_further_pages, quiet_pillow

__all__ = ["PDF_SUFFIX", "RENDER_S", "NumberedPage", "document_pages", "pages_in"]

PDF_SUFFIX = ".pdf"
RENDER_S = 10.0
"""Seconds that rendering one page of a PDF may take: it may hold millions of lines."""

_DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_MOST_PAGES = 10_000

Page = Image.Image | ImageError
NumberedPage = tuple[int | None, bytes | Page]
"""The number of a page in its document, from 1, or None; and what is to be read, or why there is nothing."""


def document_pages(
    path: Path, limits: InputLimits | None = None
) -> Iterator[tuple[str, Path | Image.Image | ImageError]]:
    """Name each page of a file, in order, with its picture or why it cannot be had.

    A file that is no PDF and has a single page stands for itself, even where nothing is there.
    """
    limits = limits or InputLimits()
    if path.suffix.lower() == PDF_SUFFIX:
        content = _read_pdf(path, limits)
        pages = [(None, content)] if isinstance(content, ImageError) else _pdf_pages(content, path, limits)
    elif (n_further := n_further_pages(path, limits)) and path.suffix.lower() != ".gif":
        pages = _tiff_pages(path, path, 1 + n_further)
    else:
        yield str(path), path
        return
    for number, page in pages:
        yield str(path) if number is None else f"{path}#{number}", page


def pages_in(content: bytes, limits: InputLimits, *, most_pages: int) -> Generator[NumberedPage, None, None]:
    """Number each page of a PDF or of a TIFF with several pages, from 1; other content stands for itself.

    Args:
        content: the bytes of a file.
        limits: what is accepted as a page.
        most_pages: a document of more is an error as a whole, before any page is decoded.
    """
    known = format_of(content[:HEAD_BYTES])
    kind = None if known is None else known.name
    if kind == "PDF":
        yield from _pdf_pages(content, "the document", limits, most_pages)
    elif kind == "TIFF" and (n_further := n_further_pages(content, limits)):
        if 1 + n_further > most_pages:
            yield None, _wrong_number_of_pages("the document", 1 + n_further, most_pages)
        else:
            yield from _tiff_pages(io.BytesIO(content), "the document", 1 + n_further)
    else:
        yield None, content


def _tiff_pages(file: Path | io.BytesIO, name: str | Path, n_pages: int) -> Iterator[tuple[int, Page]]:
    number = 1
    try:
        with quiet_pillow():
            image = Image.open(file, formats=("TIFF",))
        with image:
            for number in range(1, 1 + n_pages):
                with quiet_pillow():
                    image.seek(number - 1)
                yield number, image
    except Exception as error:  # decoders fed with broken bytes raise anything
        yield number, _unreadable(f"{name}#{number}", "a TIFF page that can be decoded", error)


def _read_pdf(path: Path, limits: InputLimits) -> bytes | ImageError:
    """The content of a file that is not too large, or why it cannot be had."""
    try:
        n_bytes = path.stat().st_size
        if n_bytes > limits.max_bytes:
            return ImageError(
                path,
                expected=f"at most {limits.max_bytes} bytes",
                found=f"{n_bytes} bytes",
                remedy="Split the document.",
            )
        return path.read_bytes()
    except OSError as error:
        return _unreadable(path, "a PDF document", error)


def _pdf_pages(
    content: bytes, name: str | Path, limits: InputLimits, most_pages: int | None = None
) -> Iterator[tuple[int | None, Page]]:
    opened = _open_pdf(content, name)
    if isinstance(opened, ImageError):
        yield None, opened
        return
    try:
        n_pages = len(opened)
        if not n_pages or (most_pages is not None and n_pages > most_pages):
            yield None, _wrong_number_of_pages(name, n_pages, most_pages)
            return
        for number in range(1, min(n_pages, _MOST_PAGES) + 1):
            yield number, _rendered(opened, number - 1, f"{name}#{number}", limits)
    finally:
        opened.close()


def _open_pdf(content: bytes, name: str | Path) -> Any:
    """The document, or the `ImageError` that says why there is none."""
    if find_spec("pypdfium2") is None:
        return ImageError(
            name,
            expected="a picture, or a PDF and a package that renders it",
            found="a PDF document, and pypdfium2 is not installed",
            remedy="Install it: pip install 'inkdigits[pdf]'.",
        )
    pdfium = import_module("pypdfium2")
    try:
        return pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            return ImageError(
                name,
                expected="a PDF that opens without a password",
                found="an encrypted one",
                remedy="Save it without a password and try again.",
            )
        return _unreadable(name, "a PDF that is whole", error)


def _rendered(document: Any, index: int, name: str, limits: InputLimits) -> Page:
    """A page in grey at 200 dots per inch."""
    pdfium, scale = import_module("pypdfium2"), _DOTS_PER_INCH / _POINTS_PER_INCH
    try:
        page = document[index]
        try:
            size = tuple(round(scale * side) for side in page.get_size())
            for width, height in (size, *_sizes_of_pictures(page)):
                if width * height > limits.max_pixels or max(width, height) > limits.max_side:
                    return ImageError(
                        name,
                        expected=f"at most {limits.max_pixels} pixels at {_DOTS_PER_INCH} dots per inch",
                        found=f"{width}x{height}",
                        remedy="Save the page smaller, or as a picture.",
                    )
            picture = _drawn(page, scale)
        finally:
            page.close()
    except (pdfium.PdfiumError, ValueError, OSError) as error:
        return _unreadable(name, "a PDF page that can be rendered", error)
    if picture is None:
        found = f"one that takes longer than {RENDER_S:g} s"
        return ImageError(
            name, expected="a PDF page that can be rendered", found=found, remedy="Save it as a picture."
        )
    return picture


def _sizes_of_pictures(page: Any) -> Iterator[tuple[int, int]]:
    """The pixels of the pictures on a page, which are decoded whole however small they are shown."""
    from ctypes import c_uint

    raw = import_module("pypdfium2.raw")
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        width, height = c_uint(), c_uint()
        if raw.FPDFImageObj_GetImagePixelSize(each.raw, width, height):
            yield width.value, height.value


def _drawn(page: Any, scale: float) -> Image.Image | None:
    """The page in grey; None where that takes too long."""
    pdfium, raw = import_module("pypdfium2"), import_module("pypdfium2.raw")
    width, height = (max(round(scale * side), 1) for side in page.get_size())
    bitmap = pdfium.PdfBitmap.new_native(width, height, raw.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    until_s = time.monotonic() + RENDER_S
    pause = raw.IFSDK_PAUSE(version=1)
    pause.NeedToPauseNow = type(pause.NeedToPauseNow)(lambda _: time.monotonic() > until_s)
    place = (0, 0, width, height, 0)
    status = raw.FPDF_RenderPageBitmap_Start(
        bitmap.raw, page.raw, *place, raw.FPDF_GRAYSCALE | raw.FPDF_ANNOT, pause
    )
    raw.FPDF_RenderPage_Close(page.raw)
    if status != raw.FPDF_RENDER_DONE:
        return None
    picture: Image.Image = bitmap.to_pil().copy()
    return picture


def _wrong_number_of_pages(name: str | Path, n_pages: int, most_pages: int | None) -> ImageError:
    return ImageError(
        name,
        expected="a page" if most_pages is None else f"1 to {most_pages} pages",
        found=str(n_pages or "none"),
        remedy="Split the document." if n_pages else "Check what made the document.",
    )


def _unreadable(name: str | Path, expected: str, error: Exception) -> ImageError:
    found = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ImageError(name, expected=expected, found=found, remedy="Check the file, or save it again.")
