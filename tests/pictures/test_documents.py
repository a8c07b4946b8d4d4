"""Files of several pages: each page by its number, and what cannot be opened as an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.errors import ImageError
from inkdigits.pictures.documents import document_pages, pages_in
from inkdigits.pictures.images import InputLimits, read_image


def sheets(n: int) -> list[Image.Image]:
    return [Image.fromarray(np.full((40, 60), 50 * number, np.uint8)) for number in range(1, n + 1)]


def save(path: Path, n: int) -> Path:
    first, *others = sheets(n)
    first.save(path, save_all=True, append_images=others)
    return path


def test_each_page_of_a_tiff_has_a_number(tmp_path: Path) -> None:
    path = save(tmp_path / "scan.tif", 3)
    levels = {}
    for name, page in document_pages(path):
        assert isinstance(page, Image.Image)
        levels[name] = int(read_image(page)[0, 0])
    assert levels == {f"{path}#1": 50, f"{path}#2": 100, f"{path}#3": 150}


def test_a_file_of_one_page_stands_for_itself(tmp_path: Path) -> None:
    for path in (save(tmp_path / "scan.tif", 1), save(tmp_path / "note.png", 1), tmp_path / "missing.png"):
        assert list(document_pages(path)) == [(str(path), path)]


def test_each_page_of_a_pdf_is_rendered(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2", reason="needs inkdigits[pdf]")
    path = save(tmp_path / "form.PDF", 2)
    pages = dict(document_pages(path))
    assert list(pages) == [f"{path}#1", f"{path}#2"]
    for page, level in zip(pages.values(), (50, 100), strict=True):
        assert isinstance(page, Image.Image)
        assert abs(int(read_image(page)[20, 30]) - level) < 4


def test_a_broken_or_too_large_pdf_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2", reason="needs inkdigits[pdf]")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and then nothing")
    ((name, error),) = document_pages(broken)
    assert name == str(broken)
    assert isinstance(error, ImageError)
    ((_, missing),) = document_pages(tmp_path / "missing.pdf")
    assert isinstance(missing, ImageError)
    ((_, large),) = document_pages(save(tmp_path / "large.pdf", 1), InputLimits(max_pixels=100))
    assert isinstance(large, ImageError)
    assert "100 pixels" in str(large)


def test_the_pages_of_bytes_have_numbers_and_a_picture_has_none(tmp_path: Path) -> None:
    limits = InputLimits()
    scan, one = (save(tmp_path / f"{n}.tif", n).read_bytes() for n in (3, 1))
    levels = {}
    for number, page in pages_in(scan, limits, most_pages=3):
        assert not isinstance(page, ImageError)
        levels[number] = int(read_image(page)[0, 0])
    assert levels == {1: 50, 2: 100, 3: 150}
    for content in (one, save(tmp_path / "note.png", 1).read_bytes(), b"", b"four", b"II*\0broken"):
        assert list(pages_in(content, limits, most_pages=3)) == [(None, content)]
    ((number, error),) = pages_in(scan, limits, most_pages=2)
    assert (number, isinstance(error, ImageError)) == (None, True)
    assert "1 to 2 pages, found 3" in str(error)


def test_a_pdf_within_limits_of_pages_pixels_and_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdfium2", reason="needs inkdigits[pdf]")
    content = save(tmp_path / "form.pdf", 2).read_bytes()
    assert [number for number, _ in pages_in(content, InputLimits(), most_pages=2)] == [1, 2]
    ((_, several),) = pages_in(content, InputLimits(), most_pages=1)
    assert "found 2" in str(several)
    shown_small = content.replace(b"/Width 60", b"/Width 60000000")
    assert shown_small != content
    _, (number, large) = pages_in(shown_small, InputLimits(), most_pages=2)
    assert (number, isinstance(large, ImageError)) == (2, True)
    assert "at most 50000000 pixels" in str(large)
    monkeypatch.setattr("inkdigits.pictures.documents.RENDER_S", -1.0)
    assert "takes longer" in str(dict(pages_in(content, InputLimits(), most_pages=2))[1])


def test_without_the_package_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inkdigits.pictures.documents.find_spec", lambda name: None)
    ((_, error),) = document_pages(save(tmp_path / "form.pdf", 1))
    assert isinstance(error, ImageError)
    assert "inkdigits[pdf]" in str(error)
