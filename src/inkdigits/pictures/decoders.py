"""Decoders beside Pillow's own: OpenCV for JPEG where Pillow is old, pillow-heif for HEIC.

This module checks no limits: whoever calls it has looked at the size of the picture.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from PIL import Image

__all__ = ["decode_jpeg", "heic_image", "open_heic", "reads_heic"]

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


def reads_heic() -> bool:
    """Whether HEIC pictures can be read: where pillow-heif is installed."""
    return find_spec("pillow_heif") is not None


def open_heic(content: bytes) -> Any:
    """Read the header of a HEIC file; the result's `size` is its width and height as it will be decoded."""
    import pillow_heif  # an extra

    return pillow_heif.open_heif(io.BytesIO(content))


def heic_image(picture: Any) -> Image.Image:
    """Decode an opened HEIC file; its decoder turns it upright."""
    return Image.frombytes(
        picture.mode, picture.size, bytes(picture.data), "raw", picture.mode, picture.stride
    )
