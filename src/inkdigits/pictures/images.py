"""From a path, bytes, a Pillow image or an array to one grey page, safely.

A page is an (H, W) array of uint8, 0 black to 255 white, upright, as a person would hold it. On the way
limits are checked before anything large is read or decoded, the first frame is taken, and the EXIF
orientation applied; `inkdigits.pictures.grey` then resolves transparency, depth and colour.

This module knows nothing about digits: where the ink is, and whether there is any, is for others to find.
Every failure is an `ImageError`; Pillow's global settings are left alone, and its warnings do not leak.

Letters of shapes: H and W, height and width in pixels.
"""

from __future__ import annotations

import io
import math
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from inkdigits.errors import ConfigError, ImageError
from inkdigits.pictures.decoders import decode_grey_png, decode_jpeg, heic_image, open_heic, reads_heic
from inkdigits.pictures.formats import HEAD_BYTES, PICTURES, format_of
from inkdigits.pictures.grey import grey_page, scale_to_bytes

__all__ = ["InputLimits", "n_further_pages", "quiet_pillow", "read_image"]

_FORMATS = tuple(picture.name for picture in PICTURES)
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_ORIENTATION, _TILE_WIDTH, _TILE_HEIGHT = 0x0112, 0x0142, 0x0143  # EXIF and TIFF tags
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_pillow_warnings = threading.Lock()
# Pillow 13.0.0 closed a critical overflow in its JPEG decoder; before that OpenCV decodes JPEG.
_FIRST_PILLOW_FOR_JPEG = 13
_MOST_PAGES = 10_000  # are counted


@dataclass(frozen=True)
class InputLimits:
    """What is accepted as a picture.

    Attributes:
        max_bytes: Largest file in bytes, checked before it is read.
        max_pixels: Largest width times height, checked from the header before pixels are decoded. Pillow
            itself stops at twice its `Image.MAX_IMAGE_PIXELS`, whatever is set here.
        max_side: Largest width or height: a picture one pixel wide costs a decoder far more memory and time
            than its pixels do.
        formats: Accepted formats, as Pillow spells them.

    Raises:
        ConfigError: a limit is not positive, or a format is not one of the six.
    """

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    max_side: int = 65_535
    formats: tuple[str, ...] = _FORMATS

    def __post_init__(self) -> None:
        if not self.formats or not set(self.formats) <= set(_FORMATS):
            raise ConfigError(
                "formats",
                expected=f"some of {', '.join(_FORMATS)}",
                found=repr(self.formats),
                remedy="Leave the setting out to accept them all.",
            )
        if min(self.max_bytes, self.max_pixels, self.max_side) < 1:
            raise ConfigError(
                "max_bytes, max_pixels and max_side",
                expected="at least 1",
                found=f"{self.max_bytes}, {self.max_pixels} and {self.max_side}",
                remedy="Leave a setting out to have its default.",
            )


def read_image(
    source: str | Path | bytes | Image.Image | NDArray[Any], limits: InputLimits = InputLimits()
) -> NDArray[np.uint8]:
    """Read one picture as a grey page.

    Args:
        source: a file, the bytes of one, a Pillow image (of any format, at its current frame), or an array of
            shape (H, W), (1, H, W), (H, W, 1), (H, W, 3) for RGB or (H, W, 4) for RGBA, of uint8, bool,
            uint16, or floats from 0 to 1; 0 and 1 alone, of any type, are black and white.
        limits: what is accepted; `max_bytes` and `formats` concern files and bytes only.

    Returns:
        (H, W), 0 black to 255 white, upright, in the caller's own memory.

    Raises:
        ImageError: the picture is missing, broken, too large, or of a kind that is not accepted.
    """
    name = str(source) if isinstance(source, (str, Path)) else "the picture"
    try:
        image = _open(source, name, limits)
        if isinstance(image, np.ndarray):
            _check_sides([image.shape[::-1]], name, limits)
            return grey_page(image)
        _check_size(image, name, limits)
        return grey_page(_upright(_load(image)))
    except ImageError:
        raise
    except Exception as error:  # Decoders fed with broken bytes raise anything, down to IndexError.
        raise _refusal(
            name,
            "a picture that can be decoded to its end",
            f"one that is broken or cut short ({str(error) or type(error).__name__})",
        ) from error


def n_further_pages(source: Path | bytes, limits: InputLimits = InputLimits()) -> int:
    """How many pages or frames a TIFF or GIF file holds after the first, which is the one that is read."""
    if isinstance(source, Path) and source.suffix.lower() not in (".gif", ".tif", ".tiff"):
        return 0
    try:
        image = _open(source, "the picture", limits)  # takes the lock that the next line takes
        n_pages = 1
        if isinstance(image, np.ndarray):
            return 0
        with quiet_pillow():
            while n_pages < _MOST_PAGES:
                image.seek(n_pages)
                n_pages += 1
    except EOFError:
        return n_pages - 1
    except Exception:  # `read_image` says what is wrong with it.
        return 0
    return n_pages - 1


# Opening: from a source to a Pillow image whose pixels may not be decoded yet, or at once to a grey page.


def _open(source: object, name: str, limits: InputLimits) -> Image.Image | NDArray[np.uint8]:
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, (str, Path)):
        return _open_bytes(_read_file(Path(source), limits), name, limits)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _open_bytes(bytes(source), name, limits)
    raise _refusal(
        name,
        "a path, bytes, a Pillow image or a NumPy array",
        f"an object of type {type(source).__name__}",
        "Give the path of the picture, or read the file and give its bytes.",
    )


def _read_file(path: Path, limits: InputLimits) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # Reading a pipe or a device could wait, or go on, for ever.
            raise _refusal(
                path,
                "a picture file",
                "a directory" if stat.S_ISDIR(status.st_mode) else "something that is no regular file",
                "Give the path of one picture.",
            )
        _check_bytes(status.st_size, str(path), limits)
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)  # The file may have grown since.
    except FileNotFoundError as error:
        raise _refusal(
            path,
            "a picture file",
            "nothing there",
            "Check the spelling of the path, and the folder that it starts from.",
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path.
        reason = getattr(error, "strerror", None) or error
        raise _refusal(
            path,
            "a picture file that can be read",
            f"that it cannot be ({reason})",
            "Check the path and its permissions, or copy the file to a place of your own.",
        ) from error


def _open_bytes(content: bytes, name: str, limits: InputLimits) -> Image.Image | NDArray[np.uint8]:
    _check_bytes(len(content), name, limits)
    if content.startswith(_PNG_SIGNATURE) and "PNG" in limits.formats:
        content = _png_pixels_only(content, name)
        pixels = decode_grey_png(content)
        if pixels is not None:
            return pixels
    try:
        with quiet_pillow():
            return Image.open(io.BytesIO(content), formats=limits.formats)
    except UnidentifiedImageError as error:
        known = format_of(content[:HEAD_BYTES])
        if known is not None and known.name == "HEIC" and limits.formats == _FORMATS:
            return _open_heic(content, name, limits)
        found = f"something else, or a broken header (it begins with {content[:12]!r})"
        if known is not None and known.name not in limits.formats:
            found = known.words
        raise _refusal(
            name,
            f"a picture in one of the formats {', '.join(limits.formats)}",
            found,
            "Save the picture as PNG or JPEG and try again.",
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(name, "far more", limits) from error


def _open_heic(content: bytes, name: str, limits: InputLimits) -> Image.Image:
    if not reads_heic():
        raise _refusal(
            name,
            f"a picture in one of the formats {', '.join(limits.formats)}",
            "a HEIC picture, as iPhones take them, and no decoder for it",
            "Save the picture as JPEG, or install the decoder: pip install 'inkdigits[heic]'.",
        )
    picture = open_heic(content)
    _check_sides([picture.size], name, limits)
    return heic_image(picture)


def _png_pixels_only(content: bytes, name: str) -> bytes:
    """The same PNG with nothing in it but pixels and EXIF, its checksums verified.

    Pillow does not check the CRC of pixel data, and gives up a good picture for a bad text or colour profile.
    Source: https://www.w3.org/TR/png-3/#5DataRep
    """
    kept = [_PNG_SIGNATURE]
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + 12 + length]
        at += 12 + length
        if at > len(content):
            break
        intact = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if kind in _PNG_PIXEL_CHUNKS and not intact:
            raise _refusal(name, "a PNG whose checksums are right", f"a damaged {kind.decode()} chunk")
        if kind in _PNG_PIXEL_CHUNKS or (kind == b"eXIf" and intact):
            kept.append(chunk)
        if kind == b"IEND":
            return b"".join(kept)
    raise _refusal(
        name, "a whole PNG, up to its IEND chunk", f"one that is truncated after {len(content)} bytes"
    )


def _from_array(pixels: NDArray[Any]) -> Image.Image | NDArray[np.uint8]:
    if pixels.ndim == 3 and pixels.shape[0] == 1 and pixels.shape[2] not in (1, 3, 4):
        pixels = pixels[0]  # a grey channel that comes first, as PyTorch has it
    if pixels.size == 0 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4))):
        raise _refusal(
            "the array",
            "a shape (H, W), (1, H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with pixels in it",
            f"the shape {pixels.shape}",
            "Give one picture at a time, with colours on the last axis.",
        )
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    unit = pixels.dtype.kind == "f" and bool(np.all((pixels >= 0) & (pixels <= 1)))  # False where NaN
    is_mask = pixels.dtype.kind in "iu" and pixels.min() == 0 and pixels.max() == 1
    if pixels.dtype == np.bool_ or unit or is_mask:
        pixels = np.rint(pixels * np.float32(255)).astype(np.uint8)
    elif pixels.dtype.newbyteorder("=") == np.uint16:
        pixels = scale_to_bytes(pixels)
    elif pixels.dtype != np.uint8:
        values = "" if pixels.dtype.kind != "f" else " with values outside 0 to 1"
        raise _refusal(
            "the array",
            "uint8, bool, uint16, or floats from 0 to 1",
            f"{pixels.dtype}{values}",
            "Bring the values to 0 to 255 and convert with .astype(numpy.uint8).",
        )
    return pixels.copy() if pixels.ndim == 2 else Image.fromarray(np.ascontiguousarray(pixels))


# Limits, and what is said when they are passed.


def _refusal(
    name: str | Path, expected: str, found: str, remedy: str = "Save or send the picture again."
) -> ImageError:
    return ImageError(name, expected=expected, found=found, remedy=remedy)


def _check_bytes(n_bytes: int, name: str, limits: InputLimits) -> None:
    if n_bytes == 0:
        raise _refusal(name, "a picture", "an empty file")
    if n_bytes > limits.max_bytes:
        remedy = "Save a smaller picture, or raise max_bytes in InputLimits."
        raise _refusal(name, f"at most {limits.max_bytes} bytes", f"{n_bytes} bytes or more", remedy)


def _check_size(image: Image.Image, name: str, limits: InputLimits) -> None:
    if 0 in image.size:
        found = f"a size of {image.width}x{image.height} pixels"
        raise _refusal(name, "a picture with at least one pixel", found, "Check what made the picture.")
    sizes = [image.size]
    tags = getattr(image, "tag_v2", None)  # of a TIFF, whose plugin other pictures need not wait for
    if tags is not None:
        with quiet_pillow():
            tile = tags.get(_TILE_WIDTH), tags.get(_TILE_HEIGHT)
        if isinstance(tile[0], int) and isinstance(tile[1], int):
            sizes.append((tile[0], tile[1]))  # Tiles can be larger than the picture that they hold.
    _check_sides(sizes, name, limits)


def _check_sides(sizes: list[tuple[int, int]], name: str, limits: InputLimits) -> None:
    width, height = max(sizes, key=math.prod)
    if width * height > limits.max_pixels:
        raise _too_many_pixels(name, f"{width}x{height}", limits)
    if max(map(max, sizes)) > limits.max_side:
        remedy = "Crop or shrink the picture, or raise max_side in InputLimits."
        raise _refusal(name, f"sides of at most {limits.max_side} pixels", f"{width}x{height}", remedy)


def _too_many_pixels(name: str, found: str, limits: InputLimits) -> ImageError:
    remedy = "Crop or shrink the picture, or raise max_pixels in InputLimits."
    return _refusal(name, f"at most {limits.max_pixels} pixels", found, remedy)


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence Pillow's warnings, about metadata mostly, in the steps that read headers.

    The filters belong to the whole process: hence the lock, and hence a filter for Pillow alone.
    """
    with _pillow_warnings, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


# Decoding: from an open Pillow image to upright pixels.


def _load(image: Image.Image) -> Image.Image:
    if image.format in ("JPEG", "MPO") and int(PIL.__version__.partition(".")[0]) < _FIRST_PILLOW_FOR_JPEG:
        return decode_jpeg(image)
    if image.format == "TIFF":  # Pillow reads a TIFF's metadata once more while it loads.
        with quiet_pillow():
            image.load()
    else:
        image.load()
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        with quiet_pillow():
            orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # A broken note about the picture does not spoil the picture.
        return image
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)
