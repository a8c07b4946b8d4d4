"""Decoders beside Pillow's: OpenCV for small grey PNGs, and JPEG on an old Pillow; pillow-heif for HEIC.

This module checks no limits: whoever calls it has looked at the size of the picture.
"""

from __future__ import annotations

import io
import struct
import zlib
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["decode_grey_png", "decode_jpeg", "heic_image", "open_heic", "optional_suffixes", "reads_heic"]

_PNG_HEADER = b"\0\0\0\rIHDR"
_PLAIN_GREY = b"\x08\0\0\0\0"  # bits, colour type, compression, filters, interlacing
_AROUND_PIXELS = 57  # bytes of a PNG with one chunk of pixels, beside these
_SMALL_PNG_PIXELS = 512 * 512
_SCAN, _END = b"\xff\xda", b"\xff\xd9"  # markers of JPEG: a scan's pixels follow, the picture ends


def decode_jpeg(image: Image.Image) -> Image.Image:
    """Decode the first picture of an opened JPEG file, whose pixels nobody decoded yet, by OpenCV.

    Args:
        image: as Pillow opened it; one that is decoded already is returned as it is.

    Returns:
        Its pixels, grey or RGB, with its EXIF.

    Raises:
        ValueError: it is broken or cut short.
    """
    file = getattr(image, "fp", None)
    if file is None:
        return image
    exif = image.getexif()
    file.seek(0)
    content = file.read()
    # OpenCV fills in what is missing of a picture that was cut short.
    if content.rfind(_END) < content.rfind(_SCAN):
        raise ValueError("the end of the JPEG is missing")
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if pixels is None:
        raise ValueError("OpenCV cannot decode the JPEG")
    decoded = Image.fromarray(pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    decoded.getexif().update(exif)
    return decoded


def decode_grey_png(content: bytes) -> NDArray[np.uint8] | None:
    """Decode a small grey PNG by OpenCV, which spends less than Pillow on opening the file.

    Args:
        content: a file whose checksums are verified.

    Returns:
        (H, W), or None where it is anything but one whole image of 8 bits a pixel without transparency, EXIF
        and interlacing. Pillow reads those, and says what is wrong with one that is broken.
    """
    if content[8:16] != _PNG_HEADER or content[24:29] != _PLAIN_GREY or content[37:41] != b"IDAT":
        return None
    width, height = struct.unpack_from(">II", content, 16)
    (n_packed,) = struct.unpack_from(">I", content, 33)
    if not 0 < width * height <= _SMALL_PNG_PIXELS or len(content) != _AROUND_PIXELS + n_packed:
        return None
    n_bytes = height * (width + 1)  # of rows, each after the number of its filter
    unpacking = zlib.decompressobj()
    try:
        rows = unpacking.decompress(content[41 : 41 + n_packed], n_bytes + 1)
    except zlib.error:
        return None
    if len(rows) != n_bytes or not unpacking.eof or unpacking.unused_data or max(rows[:: width + 1]) > 4:
        return None
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    return None if pixels is None else np.asarray(pixels, np.uint8)


def reads_heic() -> bool:
    """Whether HEIC pictures can be read: where pillow-heif is installed."""
    return find_spec("pillow_heif") is not None


def optional_suffixes() -> tuple[str, ...]:
    """Suffixes of pictures that can be read because their decoder is installed."""
    return (".heic", ".heif") if reads_heic() else ()


def open_heic(content: bytes) -> Any:
    """Read the header of a HEIC file; the result's `size` is its width and height as it will be decoded."""
    import pillow_heif  # an extra

    return pillow_heif.open_heif(io.BytesIO(content))


def heic_image(picture: Any) -> Image.Image:
    """Decode an opened HEIC file; its decoder turns it upright."""
    return Image.frombytes(
        picture.mode, picture.size, bytes(picture.data), "raw", picture.mode, picture.stride
    )
