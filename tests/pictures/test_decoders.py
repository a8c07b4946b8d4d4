"""JPEG and small PNGs through OpenCV: what Pillow accepts and refuses, it does."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image

from inkdigits.errors import ImageError
from inkdigits.pictures.decoders import decode_grey_png
from inkdigits.pictures.images import n_further_pages, read_image

OLD, NEW = "12.1.0", "13.0.0"  # of Pillow


def jpeg(mode: str, **options: object) -> bytes:
    y, x = np.mgrid[:40, :60]
    grey = Image.fromarray((120 + 60 * np.sin(x / 9) + 50 * np.cos(y / 7)).astype(np.uint8))
    file = io.BytesIO()
    grey.convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.fixture
def old_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PIL, "__version__", OLD)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 20}])
def test_both_decoders_agree(mode: str, options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    content = jpeg(mode, **options)
    by_pillow = read_image(content)
    monkeypatch.setattr(PIL, "__version__", OLD)
    np.testing.assert_allclose(read_image(content).astype(int), by_pillow, atol=3)


@pytest.mark.usefixtures("old_pillow")
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_jpeg_that_is_cut_short_is_refused(kept: float) -> None:
    content = jpeg("RGB")
    with pytest.raises(ImageError):
        read_image(content[: round(kept * len(content))])


@pytest.mark.usefixtures("old_pillow")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied_once(orientation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = jpeg("L", exif=exif)
    by_opencv = read_image(content).astype(int)
    monkeypatch.setattr(PIL, "__version__", NEW)
    np.testing.assert_allclose(by_opencv, read_image(content), atol=3)


@pytest.mark.real_data
@pytest.mark.parametrize("version", [NEW, OLD])
def test_pictures_with_an_orientation_that_others_made(
    real_data: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PIL, "__version__", version)
    pictures = sorted((real_data / "badfiles" / "exif_orientation").glob("*.jpg"))
    assert len(pictures) == 18
    shapes = {path.name.partition("_")[0]: read_image(path).shape for path in pictures}
    for path in pictures:
        assert read_image(path).shape == shapes[path.name.partition("_")[0]]


def test_further_pages_are_counted(tmp_path: Path) -> None:
    page = Image.new("L", (30, 20), 255)
    frames = [Image.new("L", (30, 20), 10 * i) for i in range(3)]
    page.save(tmp_path / "a.tif", save_all=True, append_images=frames)
    page.save(tmp_path / "b.gif", save_all=True, append_images=frames)
    page.save(tmp_path / "c.png")
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    counts = [
        n_further_pages(tmp_path / name) for name in ("a.tif", "b.gif", "c.png", "broken.tif", "none.tif")
    ]
    assert counts == [3, 3, 0, 0, 0]


def png(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def png_of(packed: bytes, *, width: int = 3, height: int = 2, interlaced: bool = False) -> bytes:
    """A grey PNG with these bytes in its only chunk of pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    framed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (28, 28), (97, 130)])
def test_small_grey_pngs_come_out_as_from_pillow(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    smooth = (np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 256).astype(np.uint8)
    for pixels in (generator.integers(0, 256, shape, np.uint8), smooth):
        for options in ({}, {"optimize": True}, {"compress_level": 0}):
            content = png(pixels, **options)
            found = decode_grey_png(content)
            assert found is not None
            np.testing.assert_array_equal(found, np.asarray(Image.open(io.BytesIO(content))))


def test_every_filter_of_a_png() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (5, 8), np.uint8)
    rows[:, 0] = range(5)
    content = png_of(zlib.compress(rows.tobytes()), width=7, height=5)
    found = decode_grey_png(content)
    assert found is not None
    np.testing.assert_array_equal(found, np.asarray(Image.open(io.BytesIO(content))))


@pytest.mark.parametrize(
    "content",
    [
        png(np.zeros((28, 28, 3), np.uint8)),
        png(np.zeros((28, 28), np.uint8), transparency=3),
        png(np.zeros((600, 600), np.uint8)),
        png_of(zlib.compress(bytes(8)), interlaced=True),
        png_of(zlib.compress(bytes(7))),
        png_of(zlib.compress(bytes(9))),
        png_of(zlib.compress(b"\x05" + bytes(7))),
        png_of(zlib.compress(bytes(8)) + b"more"),
        png_of(zlib.compress(bytes(8))[:-1]),
        png_of(b"no stream"),
        png_of(b"", width=0),
    ],
    ids=[
        "colour",
        "transparent",
        "large",
        "interlaced",
        "short",
        "long",
        "filter",
        "more",
        "cut",
        "no-stream",
        "empty",
    ],
)
def test_any_other_png_is_left_to_pillow(content: bytes) -> None:
    assert decode_grey_png(content) is None
