"""The datasets that are known by name: what they are, where they come from, and how they are recognised.

A file is recognised by a hash of its DECOMPRESSED content, so that a recompressed copy is as good as the
published one. Sources of the hashes:

- MNIST, Fashion-MNIST: SHA-256 of the decompressed files, the same in several independent projects; those of
  Fashion-MNIST belong to the .gz files whose MD5 the publisher gives (older releases have other hashes).
- KMNIST: no SHA-256 of the decompressed files was found. The published .gz is recognised by its SHA-256 (the
  same in torchvision's prototype datasets and in torchvision-ruby); any other copy by the MD5 of its
  decompressed content, which only the git-annex keys of Mila's dataset repository record. An MD5 tells a
  broken file from a good one; it is no proof against tampering.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inkdigits.ink import DIGITS, SIDE

__all__ = ["CATALOGUE", "COLLECTIONS", "NAMES", "Entry", "RemoteFile"]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One IDX file of a published dataset.

    Attributes:
        name: its name without `.gz`.
        n_bytes: the size of its decompressed content.
        content_hash: `sha256:...` or `md5:...` of its decompressed content.
        gz_sha256: SHA-256 of the published `.gz`; set where `content_hash` is only an MD5.
    """

    name: str
    n_bytes: int
    content_hash: str
    gz_sha256: str | None = None

    def has_content(self, content: bytes) -> bool:
        """Whether these decompressed bytes are this file's."""
        algorithm, _, expected = self.content_hash.partition(":")
        return len(content) == self.n_bytes and hashlib.new(algorithm, content).hexdigest() == expected

    def is_published_gz(self, packed: bytes) -> bool:
        """Whether these compressed bytes are the published `.gz`."""
        return self.gz_sha256 is not None and hashlib.sha256(packed).hexdigest() == self.gz_sha256


@dataclass(frozen=True, slots=True)
class Entry:
    """A published dataset of four IDX files.

    Attributes:
        description: one line for people.
        class_names: ten names, in the order of the labels.
        mirrors: addresses of folders that hold `NAME.gz`, tried in this order.
    """

    description: str
    class_names: tuple[str, ...]
    mirrors: tuple[str, ...]
    train_images: RemoteFile
    train_labels: RemoteFile
    test_images: RemoteFile
    test_labels: RemoteFile

    def files(self) -> tuple[RemoteFile, ...]:
        """All four files."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels


# All three have MNIST's file names and sizes: 60,000 and 10,000 pictures.
_FILES = (
    ("train-images-idx3-ubyte", 16 + 60_000 * SIDE * SIDE),
    ("train-labels-idx1-ubyte", 8 + 60_000),
    ("t10k-images-idx3-ubyte", 16 + 10_000 * SIDE * SIDE),
    ("t10k-labels-idx1-ubyte", 8 + 10_000),
)


def _files(content_hashes: Sequence[str], gz_sha256s: Sequence[str | None] = (None,) * 4) -> list[RemoteFile]:
    """The four files of an entry, in its order: pictures and labels to train, pictures and labels to test."""
    hashed = zip(_FILES, content_hashes, gz_sha256s, strict=True)
    return [RemoteFile(name, n_bytes, content, packed) for (name, n_bytes), content, packed in hashed]


_MNIST = Entry(
    "handwritten digits, 60,000 + 10,000 pictures (LeCun, Cortes and Burges, 1998)",
    DIGITS,
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    *_files(
        (
            "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        )
    ),
)

_FASHION_MNIST = Entry(
    "clothes in MNIST's form, 60,000 + 10,000 pictures (Zalando Research, 2017, MIT)",
    (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    *_files(
        (
            "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        )
    ),
)

_KMNIST = Entry(
    "cursive Japanese in MNIST's form, 60,000 + 10,000 pictures (CODH, 2018, CC BY-SA 4.0)",
    ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    (
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ),
    *_files(
        (
            "md5:92be26ec9822e900ac425d0a0aa84ced",
            "md5:949e75301f8813e0dc5800dcc320fc52",
            "md5:bf305b8cd328700fbc17f5acbc2856d2",
            "md5:9f55f451c0988b028eccdf7d5cc265ab",
        ),
        (
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ),
    ),
)

CATALOGUE: Mapping[str, Entry] = {"mnist": _MNIST, "fashion-mnist": _FASHION_MNIST, "kmnist": _KMNIST}

#: Datasets that are not fetched: put them into a folder of that name where INKDIGITS_DATA points to.
COLLECTIONS: Mapping[str, tuple[str, str]] = {
    "kensanata": (
        "digits of Swiss and US writers, scanned in colour, with labels.csv telling the writers apart (CC0)",
        "https://github.com/kensanata/numbers",
    ),
    "semeion": (
        "1,593 digits of 16x16 by 80 Italian writers (CC BY 4.0)",
        "https://archive.ics.uci.edu/dataset/178/semeion+handwritten+digit",
    ),
    "optdigits": (
        "3,823 + 1,797 digits of 8x8 from US forms; the test part is `uci` (CC BY 4.0)",
        "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    ),
}

#: Every name that `load` knows, with one line about it.
NAMES: Mapping[str, str] = {
    **{name: entry.description for name, entry in CATALOGUE.items()},
    "uci": "handwritten digits of 8x8, 1,437 + 360 pictures, part of scikit-learn: needs no network",
    **{name: description for name, (description, _) in COLLECTIONS.items()},
}
