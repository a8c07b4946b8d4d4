"""Pictures that unfold to far more than they are, claim sizes that they have not, or never end."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

__all__ = ["BOMBS", "encoded", "png_of"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encoded(of_format: str, side: int = 120) -> bytes:
    """A ring on paper, in any format."""
    y, x = np.mgrid[:side, :side] - side / 2
    ring = np.abs(np.hypot(x * 1.3, y) - 0.3 * side) < 0.05 * side
    buffer = io.BytesIO()
    Image.fromarray(np.where(ring, 20, 245).astype(np.uint8)).save(buffer, of_format)
    return buffer.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its length and its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, pixels: bytes, *extra: bytes, depth: int = 8, colour: int = 0) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = png_chunk(b"IDAT", pixels)
    return _SIGNATURE + header + b"".join(extra) + body + png_chunk(b"IEND", b"")


def zeros_deflated(n_bytes: int) -> bytes:
    """A thousandth of what it unfolds to: one block of zeros, again and again."""
    deflate = zlib.compressobj(9, wbits=-15)  # without header and checksum
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    n_blocks = -(-n_bytes >> 20)
    checksum = struct.pack(">HH", (n_blocks << 20) % 65_521, 1)  # Adler-32 of zeros
    return b"x\xda" + block * n_blocks + deflate.flush() + checksum


def tiff_of(width: int, height: int, strip: bytes, compression: int = 8) -> bytes:
    """One strip, deflated."""
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, len(strip)),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *one) for one in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + directory + struct.pack("<I", 0)


def bmp_of(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 1000, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        + b"\0" * 900
    )


def gif_of(width: int, height: int) -> bytes:
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\0;"


def jpeg_of(width: int, height: int) -> bytes:
    """A whole picture whose frame header claims another size."""
    content = bytearray(encoded("JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def many_frames() -> bytes:
    frames = [Image.fromarray(np.full((60, 60), i % 255, np.uint8)) for i in range(500)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "png 50,000x50,000": lambda: png_of(50_000, 50_000, zeros_deflated(1 << 20)),
    "png 2**31": lambda: png_of(2**31 - 1, 2**31 - 1, zeros_deflated(1 << 20)),
    "png tall": lambda: png_of(1, 49_000_000, zeros_deflated(98 << 20)),
    "png tall, 16 bits": lambda: png_of(1, 49_000_000, zeros_deflated(9 * 49_000_000), depth=16, colour=6),
    "png wide": lambda: png_of(49_000_000, 1, zeros_deflated(49 << 20)),
    "png at the limit": lambda: png_of(7_000, 7_000, zeros_deflated(49 << 20)),
    "png at the limit, 16 bits, transparent": lambda: png_of(
        7_000, 7_000, zeros_deflated(392 << 20), depth=16, colour=6
    ),
    "png whose pixels unfold to a gigabyte": lambda: png_of(100, 100, zeros_deflated(1 << 30)),
    "png with a profile of a gigabyte": lambda: png_of(
        100, 100, zeros_deflated(1 << 20), png_chunk(b"iCCP", b"x\0\0" + zeros_deflated(1 << 30))
    ),
    "png with a text of a gigabyte": lambda: png_of(
        100, 100, zeros_deflated(1 << 20), png_chunk(b"zTXt", b"x\0\0" + zeros_deflated(1 << 30))
    ),
    "png with a chunk that claims 2 GB": lambda: _SIGNATURE + b"\x7f\xff\xff\xffIDAT" + b"\0" * 1000,
    "png with 100,000 chunks": lambda: png_of(
        100, 100, zeros_deflated(1 << 20), png_chunk(b"tEXt", b"a\0b") * 100_000
    ),
    "tiff 50,000x50,000": lambda: tiff_of(50_000, 50_000, zeros_deflated(1 << 20)),
    "tiff whose strip unfolds to a gigabyte": lambda: tiff_of(100, 100, zeros_deflated(1 << 30)),
    "tiff at the limit": lambda: tiff_of(7_000, 7_000, zeros_deflated(49 << 20)),
    "tiff that points at itself": lambda: b"II*\0\x08\0\0\0\0\0" + struct.pack("<I", 8) * 100,
    "bmp 50,000x50,000": lambda: bmp_of(50_000, 50_000),
    "bmp of negative size": lambda: bmp_of(-(2**31), -(2**31)),
    "gif 65,535x65,535": lambda: gif_of(65_535, 65_535),
    "gif of 500 frames": many_frames,
    "jpeg 65,500x65,500": lambda: jpeg_of(65_500, 65_500),
    "jpeg at the limit": lambda: jpeg_of(7_000, 7_000),
    "gzip bomb": lambda: gzip.compress(bytes(100 << 20)),
    "20 MB of noise": lambda: np.random.default_rng(0).bytes(20_000_000),
    "20 MB of zeros behind a picture": lambda: encoded("JPEG") + bytes(19_900_000),
}
