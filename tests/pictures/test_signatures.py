"""The one table of signatures: what the first bytes of a file say."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile

import numpy as np
import pytest
from PIL import Image

from inkdigits.pictures.formats import FORMATS, HEAD_BYTES, PICTURES, format_of, picture_suffixes


def name_of(content: bytes) -> str | None:
    known = format_of(content[:HEAD_BYTES])
    return None if known is None else known.name


@pytest.mark.parametrize("name", [picture.name for picture in PICTURES])
def test_what_pillow_writes_is_recognised(name: str) -> None:
    out = io.BytesIO()
    Image.new("L", (28, 28), 255).save(out, name)
    assert name_of(out.getvalue()) == name


def npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, x=np.zeros(3))
    return out.getvalue()


def torch_file() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (gzip.compress(b"x"), "gzip"),
        (npz(), "npz"),
        (torch_file(), "torch"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (pickle.dumps([1], 4), "pickle"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"P5\n# by a scanner\n28 28\n255\n", "PNM"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>", "markup"),
        (b"<svg>", "markup"),
        (b"\0\0\x08\x03", "idx"),
        (b"PAR1", "parquet"),
        (b"label,pixel0\n7,0", None),
        (b"P1\tP2\tP3\n", None),
        (b"", None),
    ],
)
def test_signatures(content: bytes, name: str | None) -> None:
    assert name_of(content) == name


def test_names_and_suffixes_are_unique() -> None:
    names = [known.name for known in FORMATS]
    assert len(names) == len(set(names))
    suffixes = [suffix for known in FORMATS for suffix in known.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)
    assert {".png", ".tif", ".jpeg"} <= picture_suffixes()
