"""How files begin: one table of signatures, for pictures that are read and for everything else people send.

The first bytes say what a file is; its suffix only says what somebody called it.

Sources: the specifications of the formats, and the list of signatures of the program file(1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["FORMATS", "HEAD_BYTES", "PICTURES", "FileFormat", "format_of", "picture_suffixes"]

#: So many bytes of a file tell its format.
HEAD_BYTES = 512


@dataclass(frozen=True)
class FileFormat:
    """One format of files.

    Attributes:
        name: short and unique; Pillow's own name for a picture.
        words: what a person calls such a file, with its article.
        signature: matches the first bytes.
        suffixes: what such files are usually called, in lower case with the dot; the first one is ours.
    """

    name: str
    words: str
    signature: re.Pattern[bytes]
    suffixes: tuple[str, ...] = ()


def _format(name: str, words: str, signature: bytes, *suffixes: str) -> FileFormat:
    return FileFormat(name, words, re.compile(signature, re.DOTALL), suffixes)


#: The pictures that are read.
PICTURES: tuple[FileFormat, ...] = (
    _format("PNG", "a PNG picture", rb"\x89PNG\r\n\x1a\n", ".png", ".apng"),
    _format("JPEG", "a JPEG picture", rb"\xff\xd8\xff", ".jpg", ".jpeg", ".jpe", ".jfif"),
    _format("WEBP", "a WebP picture", rb"RIFF....WEBP", ".webp"),
    _format("BMP", "a BMP picture", rb"BM", ".bmp", ".dib"),
    _format("GIF", "a GIF picture", rb"GIF8", ".gif"),
    _format("TIFF", "a TIFF picture", rb"II[*+]\0|MM\0[*+]|MM\*\0|II\0\*", ".tif", ".tiff"),
)

_OTHERS: tuple[FileFormat, ...] = (
    _format(
        "HEIC",
        "a HEIC picture, as iPhones take them",
        rb".{4}ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)",
        ".heic",
        ".heif",
    ),
    _format("AVIF", "an AVIF picture", rb".{4}ftypavi[fs]", ".avif"),
    _format("JPEG 2000", "a JPEG 2000 picture", rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", ".jp2", ".j2k"),
    _format(
        "PNM",
        "a PNM picture",
        rb"P[1-6]\s+(?:#[^\n]*\s+)*\d+\s+\d+\s|P7\nWIDTH",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
    ),
    _format("PDF", "a PDF document", rb"%PDF", ".pdf"),
    _format("gzip", "a gzip file", rb"\x1f\x8b", ".gz"),
    _format("npz", "a NumPy archive", rb"PK\x03\x04.{22,480}?\.npy", ".npz"),
    _format("torch", "a Python pickle", rb"PK\x03\x04.{22,480}?data\.pkl", ".pt", ".pth"),
    _format("zip", "a ZIP archive or an office document", rb"PK\x03\x04", ".zip"),
    _format("pickle", "a Python pickle", rb"\x80[\x02-\x05]", ".pkl", ".pickle"),
    _format("npy", "a single NumPy array", rb"\x93NUMPY", ".npy"),
    _format("parquet", "a Parquet file", rb"PAR1", ".parquet"),
    _format("hdf5", "an HDF5 file", rb"\x89HDF\r\n", ".h5", ".hdf5"),
    _format("matlab", "a MATLAB file", rb"MATLAB", ".mat"),
    _format(
        "markup",
        "a web page, an SVG or another XML file",
        rb"(?:\xef\xbb\xbf)?\s*<(?i:\?xml|svg|!doctype|html)",
        *(".html", ".htm", ".xml", ".svg"),
    ),
    _format("idx", "an IDX file", rb"\0\0[\x08-\x0e][\x01-\x04]"),
)

#: Every format that is known by its signature; where two match, the first is meant.
FORMATS: tuple[FileFormat, ...] = (*PICTURES, *_OTHERS)


def format_of(head: bytes) -> FileFormat | None:
    """The format of a file by its first `HEAD_BYTES`; None where no signature tells, as in texts."""
    return next((known for known in FORMATS if known.signature.match(head)), None)


def picture_suffixes() -> frozenset[str]:
    """The suffixes of the pictures that are read."""
    return frozenset(suffix for picture in PICTURES for suffix in picture.suffixes)
