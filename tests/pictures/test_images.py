"""Reading pictures: every way in, every limit, and nothing but an ImageError when it fails."""

from __future__ import annotations

import csv
import io
import os
import struct
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFile, ImageOps

from inkdigits.errors import ConfigError, ImageError
from inkdigits.pictures.images import InputLimits, read_image
from inkdigits.pictures.walking import find_images

LIMITS = InputLimits()
FAITHFUL: dict[str, dict[str, object]] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}


def drawing() -> Image.Image:
    """A picture without any symmetry: every turn of it is another picture."""
    image = Image.new("L", (64, 40), 255)
    draw = ImageDraw.Draw(image)
    draw.line((8, 5, 8, 34), fill=0, width=4)
    draw.line((8, 34, 40, 34), fill=90, width=4)
    draw.ellipse((48, 4, 58, 14), fill=30)
    return image


def encoded(image: Image.Image, of_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, of_format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to no pixels."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + header + body + png_chunk(b"IEND", b"")


def refusal(source: object, limits: InputLimits = LIMITS) -> ImageError:
    with pytest.raises(ImageError) as caught:
        read_image(source, limits)  # type: ignore[arg-type]
    error = caught.value
    assert error.subject
    assert error.expected
    assert error.found
    assert error.remedy.endswith(".")
    return error


# The ways in.


@pytest.mark.parametrize("of_format", ["PNG", "BMP", "GIF", "TIFF", "WEBP", "JPEG"])
def test_every_format_from_path_text_and_bytes(tmp_path: Path, of_format: str) -> None:
    options = FAITHFUL.get(of_format, {})
    content = encoded(drawing(), of_format, **options)
    path = tmp_path / "picture"  # The content decides, not the name.
    path.write_bytes(content)
    page = read_image(path)
    assert page.shape == (40, 64)
    assert page.dtype == np.uint8
    np.testing.assert_allclose(page.astype(int), np.asarray(drawing()), atol=3 if of_format == "JPEG" else 0)
    np.testing.assert_array_equal(read_image(str(path)), page)
    np.testing.assert_array_equal(read_image(content), page)
    np.testing.assert_array_equal(read_image(Image.open(io.BytesIO(content))), page)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.bool_, ">u2"])
@pytest.mark.parametrize("n_channels", [None, 1, 3, 4])
def test_every_kind_of_array(dtype: type, n_channels: int | None) -> None:
    ink = np.asarray(drawing()) > 128
    white = {"f": 1, "b": 1}.get(
        np.dtype(dtype).kind, np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    )
    pixels = ink if n_channels is None else np.repeat(ink[:, :, None], n_channels, axis=2)
    if n_channels == 4:
        pixels = pixels.copy()
        pixels[:, :, 3] = True
    page = read_image((pixels * white).astype(dtype))
    np.testing.assert_array_equal(page, ink * np.uint8(255))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.int8, np.float32, np.bool_])
@pytest.mark.parametrize("n_channels", [None, 1, 3])
def test_masks_of_0_and_1_are_black_and_white(dtype: type, n_channels: int | None) -> None:
    ink = np.asarray(drawing()) > 128
    mask = ink if n_channels is None else np.repeat(ink[:, :, None], n_channels, axis=2)
    np.testing.assert_array_equal(read_image(mask.astype(dtype)), ink * np.uint8(255))


@pytest.mark.parametrize("brightest", [1, 2, 9])
@pytest.mark.parametrize("mode", ["L", "I;16", "P"])
def test_files_that_hold_masks_are_black_and_white(brightest: int, mode: str) -> None:
    ink = np.asarray(drawing()) > 128
    mask = (ink * brightest).astype(np.uint16 if mode == "I;16" else np.uint8)
    image = Image.fromarray(mask)
    if mode == "P":
        image.putpalette([0, 0, 0] + [brightest] * 3 * 255)
    np.testing.assert_array_equal(read_image(encoded(image)), ink * np.uint8(255))


@pytest.mark.parametrize("levels", [(0, 40), (254, 255), (0, 1, 2), (3, 3)])
def test_other_dark_pictures_stay_as_they_are(levels: tuple[int, ...]) -> None:
    page = np.resize(np.array(levels, np.uint8), (20, 21))
    np.testing.assert_array_equal(read_image(page), page)


def test_the_channel_of_a_grey_array_may_come_first() -> None:
    ink = np.asarray(drawing())
    np.testing.assert_array_equal(read_image(ink[None]), ink)


def test_a_sliced_and_flipped_array_is_read_as_it_looks() -> None:
    pixels = np.asarray(drawing())
    np.testing.assert_array_equal(read_image(pixels[::-1, ::2]), pixels[::-1, ::2])


@pytest.mark.parametrize("of_format", ["GIF", "TIFF", "WEBP", "PNG"])
def test_the_first_frame_is_read(of_format: str) -> None:
    frames = [drawing(), Image.new("L", drawing().size, 0)]
    options: dict[str, object] = {"lossless": True} if of_format == "WEBP" else {}
    content = encoded(frames[0], of_format, save_all=True, append_images=frames[1:], **options)
    np.testing.assert_array_equal(read_image(content), np.asarray(drawing()))


@pytest.mark.parametrize("of_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_gives_the_same_page(of_format: str, orientation: int) -> None:
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}  # The turn that the tag asks for is undone first.
    exif = Image.Exif()
    exif[0x0112] = undo.get(orientation, 1)
    stored = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded(drawing(), exif=exif))))
    exif[0x0112] = orientation
    options = FAITHFUL.get(of_format, {})
    page = read_image(encoded(stored, of_format, exif=exif, **options))
    np.testing.assert_allclose(page.astype(int), np.asarray(drawing()), atol=3 if of_format == "JPEG" else 0)


@given(body=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_broken_exif_never_spoils_a_picture(body: bytes) -> None:
    for head in (b"", b"MM\x00\x2a\x00\x00\x00\x08\x00\x09"):
        exif = b"Exif\0\0" + head + body
        for of_format in ("JPEG", "WEBP"):
            assert sorted(read_image(encoded(drawing(), of_format, exif=exif)).shape) == [40, 64]


def test_a_png_is_read_in_spite_of_broken_side_notes() -> None:
    content = encoded(drawing())
    notes = png_chunk(b"iCCP", b"x\0\0nonsense") + png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 10**7))
    notes += png_chunk(b"acTL", struct.pack(">II", 0, 0))  # an animation of no frames
    notes += png_chunk(b"tIME", b"123")[:-1] + b"!"  # a wrong checksum
    page = read_image(content[:33] + notes + content[33:] + b"trailing bytes")
    np.testing.assert_array_equal(page, np.asarray(drawing()))


# The ways to fail.


def test_what_is_not_a_file(tmp_path: Path) -> None:
    assert "nothing there" in refusal(tmp_path / "absent.png").found
    assert "directory" in refusal(tmp_path).found
    assert refusal("a\0b.png").subject == "a\0b.png"
    assert "too long" in refusal("x" * 5000).found.lower()
    (tmp_path / "empty.png").touch()
    assert "empty" in refusal(tmp_path / "empty.png").found
    assert "empty" in refusal(b"").found


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "no regular file" in refusal(tmp_path / "pipe.png").found


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(drawing()))

    def denied(*_: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)  # A test run as root may read everything.
    assert "Permission denied" in refusal(path).found


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "HEIC"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'<?xml version="1.0"?><svg/>', "SVG"),
        (b"PK\x03\x04......", "ZIP"),
        (b"just some words", "something else"),
    ],
)
def test_other_files_are_called_by_their_name(content: bytes, named: str) -> None:
    assert named in refusal(content).found


def test_a_format_outside_the_list_is_refused() -> None:
    refusal(encoded(drawing(), "PPM"))
    refusal(encoded(drawing(), "TGA"))
    refusal(encoded(drawing(), "GIF"), InputLimits(formats=("PNG", "JPEG")))


@pytest.mark.parametrize("of_format", LIMITS.formats)
def test_a_file_cut_short_is_refused(of_format: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), of_format)
    refusal(content[: len(content) // 2])
    refusal(content[:20])


def test_a_wrong_checksum_is_refused() -> None:
    content = bytearray(encoded(drawing()))
    at = content.index(b"IDAT")
    length = int.from_bytes(content[at - 4 : at], "big")
    content[at + 4 + length] ^= 1
    assert "IDAT" in refusal(bytes(content)).found


def test_too_many_bytes_are_refused_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(encoded(drawing()))
    limits = InputLimits(max_bytes=path.stat().st_size - 1)
    assert "bytes" in refusal(path.read_bytes(), limits).found
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("the file was opened"))
    assert "bytes" in refusal(path, limits).found


@pytest.mark.parametrize("side", [8_000, 11_000, 40_000, 2**31 - 1])
def test_too_many_pixels_are_refused_from_the_header(side: int) -> None:
    error = refusal(png_header(side, side))
    assert "pixels" in error.expected
    assert "max_pixels" in error.remedy


def test_tiles_larger_than_their_picture_are_refused() -> None:
    entries = [(256, 8), (257, 8), (258, 8), (259, 8), (262, 1), (277, 1), (322, 30_000), (323, 30_000)]
    entries += [(324, 8), (325, 16)]
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    error = refusal(b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + b"\0" * 4)
    assert error.found == "30000x30000"


def test_limits_hold_for_arrays_and_pillow_images() -> None:
    limits = InputLimits(max_pixels=64 * 40 - 1)
    assert refusal(drawing(), limits).found == "64x40"
    assert refusal(np.asarray(drawing()), limits).found == "64x40"
    read_image(drawing(), InputLimits(max_pixels=64 * 40))


def test_a_side_beyond_the_limit_is_refused_before_anything_is_decoded() -> None:
    error = refusal(png_header(1, 70_000))
    assert (error.expected, error.found) == ("sides of at most 65535 pixels", "1x70000")
    assert "max_side" in error.remedy
    assert refusal(drawing(), InputLimits(max_side=63)).found == "64x40"
    read_image(drawing(), InputLimits(max_side=64))


def test_pictures_without_pixels_are_refused() -> None:
    refusal(Image.new("L", (0, 5)))
    refusal(np.zeros((0, 5), np.uint8))
    refusal(png_header(0, 5))


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros(5, np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((4, 4), np.int64),
        np.zeros((4, 4), np.complex64),
        np.zeros((4, 4), object),
        np.full((4, 4), 200.0),
        np.full((4, 4), -0.1),
        np.full((4, 4), np.nan),
    ],
)
def test_other_arrays_are_refused(pixels: np.ndarray) -> None:
    refusal(pixels)


@pytest.mark.parametrize("source", [None, 7, [[0, 255]], io.BytesIO(b"")])
def test_other_objects_are_refused(source: object) -> None:
    assert type(source).__name__ in refusal(source).found


def test_a_closed_pillow_image_is_refused() -> None:
    image = Image.open(io.BytesIO(encoded(drawing())))
    image.close()
    refusal(image)


@pytest.mark.parametrize(
    "settings_",
    [{"max_bytes": 0}, {"max_pixels": -1}, {"max_side": 0}, {"formats": ()}, {"formats": ("PNG", "PSD")}],
)
def test_limits_that_make_no_sense_are_refused(settings_: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        InputLimits(**settings_)  # type: ignore[arg-type]


# Whatever comes in: a page or an ImageError.


def page_or_refusal(content: bytes) -> None:
    try:
        page = read_image(content, InputLimits(max_pixels=1_000_000))
    except ImageError:
        return
    assert page.ndim == 2
    assert page.dtype == np.uint8
    assert page.size > 0


SEEDS = [encoded(drawing(), of_format) for of_format in LIMITS.formats]
SEEDS += [
    encoded(drawing().convert("P"), "PNG", transparency=0),
    encoded(drawing().convert("CMYK"), "TIFF", compression="tiff_lzw"),
    encoded(drawing().convert("RGB"), "JPEG", progressive=True),
    encoded(drawing().convert("RGBA"), "WEBP"),
]
SIGNATURES = [
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe1",
    b"GIF89a",
    b"BM",
    b"II*\0\x08\0\0\0",
    b"RIFF....WEBP",
]


@given(head=st.sampled_from(SIGNATURES), tail=st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_random_bytes(head: bytes, tail: bytes) -> None:
    page_or_refusal(head + tail)


@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0.02, 1),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files(seed: bytes, changes: list[tuple[int, int]], keep: float) -> None:
    content = bytearray(seed)
    for at, value in changes:
        content[at % len(content)] = value
    page_or_refusal(bytes(content))
    page_or_refusal(bytes(content[: int(keep * len(content))]))


# Pillow and the process are left as they were.


def test_pillow_and_warnings_are_left_as_they_were() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    for content in (png_header(11_000, 11_000), *SEEDS):
        page_or_refusal(content)
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


def test_many_threads_read_the_same_pages() -> None:
    exif = b"Exif\0\0MM\x00\x2a\x00\x00\x00\x08\x00\x09broken"
    sources = [encoded(drawing(), "JPEG", exif=exif), encoded(drawing(), "TIFF"), encoded(drawing())]
    alone = [read_image(source) for source in sources]
    start = threading.Barrier(8)

    def read_all(_: int) -> list[np.ndarray]:
        start.wait()
        return [read_image(source) for _ in range(10) for source in sources]

    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        for pages in pool.map(read_all, range(8)):
            for k, page in enumerate(pages):
                np.testing.assert_array_equal(page, alone[k % 3])
    assert list(warnings.filters) == before


# Folders.


def test_folders_are_read_in_natural_order(tmp_path: Path) -> None:
    for name in ("10.png", "2.png", "1.JPG", "a2b10.tiff", "a2b9.webp", "notes.txt", ".hidden.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "folder.png" / "deep.png").touch()
    names = [path.name for path in find_images([tmp_path])]
    assert names == ["1.JPG", "2.png", "10.png", "a2b9.webp", "a2b10.tiff"]


def test_files_and_missing_paths_stand_for_themselves(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    paths: list[str | Path] = [tmp_path / "notes.txt", str(tmp_path / "absent.png"), tmp_path / "notes.txt"]
    assert list(find_images(paths)) == [Path(path) for path in paths]
    (tmp_path / "empty").mkdir()
    assert list(find_images([tmp_path / "empty"])) == []


# Pictures that others made.


def bad_files(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return [{**row, "path": str(folder / row["path"])} for row in csv.DictReader(file)]


@pytest.mark.real_data
def test_pngsuite(real_data: Path) -> None:
    rows = bad_files(real_data / "badfiles" / "pngsuite")
    assert len(rows) == 175
    for row in rows:
        if row["expected"] == "reject":
            refusal(row["path"])
        else:
            assert read_image(row["path"]).size > 0


@pytest.mark.real_data
@pytest.mark.parametrize(("family", "shape"), [("Landscape", (1200, 1800)), ("Portrait", (1800, 1200))])
def test_real_exif_orientations_look_alike(family: str, shape: tuple[int, int], real_data: Path) -> None:
    folder = real_data / "badfiles" / "exif_orientation"
    rows = [row for row in bad_files(folder) if family in row["path"]]
    pages = [read_image(row["path"]).astype(np.float32) for row in rows]
    assert len(pages) == 9
    for page in pages:
        assert page.shape == shape
        # Each file was compressed by itself and shows its own number: alike, not the same.
        assert np.abs(page - pages[0]).mean() < 6
        assert np.corrcoef(page[::4, ::4].ravel(), pages[0][::4, ::4].ravel())[0, 1] > 0.95
