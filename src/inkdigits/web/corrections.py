"""What people say was read wrong, kept as training data: folders of pictures by class.

    FOLDER/4/20260131T142501-9f86d081884c7d65.png
    FOLDER/.not_a_digit/20260131T142625-5e884898da280471.png
    FOLDER/.numbers/20260131T142733-2c26b46b68ffc68f.png, and .gt.txt beside it with what the number is

`inkdigits train --data mnist --data FOLDER` learns from it. It leaves the hidden folders out: a recipe can
name the first under `not_digits`, and `inkdigits train numbers` writes with the second. The bytes are stored
as they came, with whatever the picture says about where and when it was taken. Only pictures that training
can read are let in, each is there whole or not at all, and number and size are bounded. It knows nothing of
HTTP.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from inkdigits.datasets.roles import role_of
from inkdigits.errors import ConfigError, ImageError, InkdigitsError
from inkdigits.files import system_errors_as, write_whole
from inkdigits.layout.fields import find_field
from inkdigits.layout.line import MARKS
from inkdigits.normalizer import normalize
from inkdigits.pictures.formats import PICTURES
from inkdigits.pictures.images import InputLimits, read_image

__all__ = [
    "NOT_A_DIGIT",
    "_MOST_CHARACTERS",
    "_NUMBERS",
    "_TEXT_SUFFIX",
    "Correction",
    "CorrectionStore",
    "CorrectionsFull",
]

NOT_A_DIGIT = "not_a_digit"
"""The label of what shows none of the classes."""

_NUMBERS = ".numbers"  # the folder of whole numbers
_TEXT_SUFFIX = ".gt.txt"  # for "ground truth", as those who train Tesseract and kraken have it
_MOST_CHARACTERS = 40  # of a whole number
_NOT_IN_FOLDER_NAMES = frozenset('/\\:*?"<>|')  # of one operating system or another


_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{16}\.[a-z]{3,4}")


@dataclass(frozen=True)
class Correction:
    """A picture that was stored.

    Attributes:
        id: by which it can be removed; nobody else can guess it.
        n_stored: how many pictures the folder holds now.
    """

    id: str
    n_stored: int


class CorrectionsFull(InkdigitsError):  # noqa: N818  (a state of the folder, as in "disk full")
    """There is no room for another correction: a bound is reached, or the disk takes no more."""


class CorrectionStore:
    """A folder of corrected pictures that grows up to a bound. Safe to share between threads.

    Several processes may add to one folder: each checks again after writing and takes its own picture back
    where the others were faster, so the bounds hold for all of them together.

    Args:
        folder: made if missing; what is in it already counts.
        class_names: the labels that are accepted, each the name of a folder.
        max_pictures: the most pictures that the folder may hold.
        max_bytes: the most that its files may hold together.
        limits: what is accepted as a picture; the defaults unless given.

    Raises:
        ConfigError: the folder cannot be written or would be read as test data, a class cannot be the name
            of a folder, or a bound is not positive.
    """

    def __init__(
        self,
        folder: Path,
        *,
        class_names: tuple[str, ...],
        max_pictures: int = 10_000,
        max_bytes: int = 500_000_000,
        limits: InputLimits | None = None,
    ) -> None:
        if min(max_pictures, max_bytes) < 1:
            raise ConfigError(
                "max_pictures and max_bytes",
                expected="at least 1",
                found=f"{max_pictures} and {max_bytes}",
                remedy="Leave corrections off if none are to be stored.",
            )
        _check_class_names(class_names)
        _check_folder(folder)
        hidden = () if NOT_A_DIGIT in class_names else (NOT_A_DIGIT,)  # or training would take it for a class
        self._folders = {name: folder / name for name in class_names}
        self._folders |= {name: folder / f".{name}" for name in hidden}
        self._numbers = folder / _NUMBERS
        self._max_pictures = max_pictures
        self._max_bytes = max_bytes
        self._limits = limits or InputLimits()
        self._adding = threading.Lock()

    def add(self, picture: bytes, label: str) -> Correction:
        """Store a picture under what it shows.

        Args:
            picture: the bytes of a file, as they were read.
            label: one of the class names, or `NOT_A_DIGIT`.

        Raises:
            ConfigError: the label is no class.
            ImageError: the picture cannot be read, or has no ink on it.
            CorrectionsFull: there is no room for it.
        """
        if label not in self._folders:
            raise ConfigError(
                "label",
                expected=f"one of {', '.join(self._folders)}",
                found=repr(label[:40]),
                remedy="Say which class the picture shows.",
            )
        _require_ink(normalize(read_image(picture, self._limits)).box is not None)
        return self._keep(self._folders[label], picture)

    def add_number(self, picture: bytes, text: str) -> Correction:
        """Store a picture of a whole number, in its middle, under what it says.

        Args:
            picture: the bytes of a file, as they were read.
            text: as written, with its separators.

        Raises:
            ConfigError: the text is no number.
            ImageError: the picture cannot be read, or has no ink on it.
            CorrectionsFull: there is no room for it.
        """
        if not any(char.isdigit() for char in text) or set(text) - set(MARKS) or len(text) > _MOST_CHARACTERS:
            raise ConfigError(
                "text",
                expected=f"digits, perhaps {' '.join(MARKS[10:])} too, {_MOST_CHARACTERS} characters at most",
                found=repr(text[:40]),
                remedy="Write the number as it stands in the picture.",
            )
        _require_ink(bool(find_field(read_image(picture, self._limits)).cuts))
        return self._keep(self._numbers, picture, text)

    def _keep(self, folder: Path, picture: bytes, text: str | None = None) -> Correction:
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(8)}{_suffix_of(picture)}"
        with self._adding:
            try:
                return Correction(name, self._write(folder / name, picture, text))
            except OSError as error:
                reason = error.strerror or str(error)
                raise _full("a folder that takes another picture", f"that it does not ({reason})") from error

    def remove(self, correction_id: str) -> bool:
        """Take back a picture; False where there is none of this id."""
        if not _ID.fullmatch(correction_id):
            return False
        for folder in self._all_folders():
            with suppress(OSError):
                (folder / correction_id).unlink()
                _text_file(folder / correction_id).unlink(missing_ok=True)
                return True
        return False

    def count(self) -> int:
        """How many pictures the folder holds."""
        return self._held()[0]

    def _all_folders(self) -> tuple[Path, ...]:
        return (*self._folders.values(), self._numbers)

    def _write(self, path: Path, picture: bytes, text: str | None) -> int:
        n_pictures, n_bytes = self._held()
        self._check_room(n_pictures + 1, n_bytes + len(picture))
        path.parent.mkdir(exist_ok=True)
        if text is not None:  # before the picture: no picture is ever without
            write_whole(_text_file(path), text + "\n")
        write_whole(path, picture)
        n_pictures, n_bytes = self._held()
        try:
            self._check_room(n_pictures, n_bytes)
        except CorrectionsFull:  # another process was faster
            path.unlink(missing_ok=True)
            _text_file(path).unlink(missing_ok=True)
            raise
        return n_pictures

    def _held(self) -> tuple[int, int]:
        """The number of pictures in the folders of the classes, and the bytes of all that is in them.

        It is counted anew each time, since other processes add, and people look through and delete. Files
        that are being written count as bytes only.
        """
        n_pictures = n_bytes = 0
        for folder in self._all_folders():
            with suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    n_bytes += _size_of(entry)
                    n_pictures += not entry.name.startswith(".") and not entry.name.endswith(_TEXT_SUFFIX)
        return n_pictures, n_bytes

    def _check_room(self, n_pictures: int, n_bytes: int) -> None:
        if n_pictures > self._max_pictures:
            raise _full(f"at most {self._max_pictures:,} pictures", "that there are as many already")
        if n_bytes > self._max_bytes:
            raise _full(f"at most {self._max_bytes:,} bytes", "that this picture would be too much")


def _size_of(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:  # renamed or deleted since it was listed
        return 0


def _full(expected: str, found: str) -> CorrectionsFull:
    # Whoever sends pictures is told nothing of where they are kept.
    return CorrectionsFull(
        "the corrections",
        expected=expected,
        found=found,
        remedy="Ask who runs the service to train on them, or to make room.",
    )


def _text_file(picture: Path) -> Path:
    return picture.with_suffix(_TEXT_SUFFIX)


def _require_ink(has_ink: bool) -> None:
    """Raises an ImageError for what training would leave out."""
    if not has_ink:
        raise ImageError(
            "the picture",
            expected="a picture with ink on it",
            found="a blank page",
            remedy="Send the picture that was read wrong.",
        )


def _suffix_of(picture: bytes) -> str:
    """The suffix of a picture that `read_image` accepts: readers of folders go by it."""
    return next(known.suffixes[0] for known in PICTURES if known.signature.match(picture))


def _check_class_names(class_names: tuple[str, ...]) -> None:
    """They come out of a model file, which others may have made, and become folders."""
    for name in class_names:
        is_folder_name = (
            name.isprintable()
            and name.strip(" .") == name != ""
            and not _NOT_IN_FOLDER_NAMES & set(name)
            and len(name.encode(errors="replace")) <= 200
            and role_of(name) is None
        )
        if not is_folder_name:
            raise ConfigError(
                "corrections",
                expected="a model whose classes can be names of folders",
                found=f"the class {name[:40]!r}",
                remedy="Serve this model without corrections.",
            )


def _check_folder(folder: Path) -> None:
    if role_of(folder.name) in ("validation", "test"):
        raise ConfigError(
            folder,
            expected="a folder whose pictures are to be trained on",
            found="a name that says they are for testing",
            remedy="Give the folder another name, such as corrections.",
        )
    with system_errors_as(
        ConfigError,
        folder,
        expected="a folder that can be written",
        remedy="Correct the path or its permissions.",
    ):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
