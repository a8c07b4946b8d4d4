"""From a folder to the pictures in it, folder by folder, and what is left out on the way.

This module knows names only: what a file holds, `inkdigits.pictures.images` finds out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inkdigits.files import natural_order
from inkdigits.pictures.formats import FORMATS, picture_suffixes

__all__ = ["Skipped", "find_images", "summarize", "walk"]

_PICTURES_OF_OTHERS = frozenset({"HEIC file", "AVIF file", "JPEG 2000 file", "PNM file"})
_NAMED = 3  # of each kind that was skipped, in a summary


@dataclass(frozen=True)
class Skipped:
    """What was left out: its path, and in words what it is."""

    path: Path
    what: str


def find_images(paths: Iterable[str | Path]) -> Iterator[Path]:
    """Name the pictures that `paths` stand for, in order.

    Args:
        paths: a folder stands for the pictures directly in it, known by their suffix, in natural order
            (2.png before 10.png); hidden files are left out. Anything else stands for itself, even where
            nothing is there: `inkdigits.pictures.images` reports it.
    """
    suffixes = picture_suffixes()
    for path in map(Path, paths):
        try:
            entries = (
                sorted(path.iterdir(), key=lambda entry: natural_order(entry.name)) if path.is_dir() else None
            )
        except OSError:
            entries = None
        if entries is None:
            yield path
            continue
        for entry in entries:
            hidden = entry.name.startswith(".")  # Among them macOS's ._1.png, which is no picture.
            if entry.suffix.lower() in suffixes and not hidden and not entry.is_dir():
                yield entry


def walk(folder: Path, also: Iterable[str] = ()) -> Iterator[Path | Skipped]:
    """The pictures in a folder and the folders in it, and what else is there, in natural order.

    Files come before folders. Hidden files and folders are left out without a word, among them macOS's
    `._1.png`. Links are not followed.

    Args:
        folder: where to look.
        also: more suffixes of pictures that can be read, such as ".heic" where its decoder is installed.
    """
    try:
        entries = sorted(folder.iterdir(), key=_by_name)
    except OSError:
        yield Skipped(folder, "folder that cannot be entered")
        return
    entries = [entry for entry in entries if not entry.name.startswith(".")]
    suffixes = picture_suffixes() | set(also)
    for entry in entries:
        if entry.is_symlink():
            yield Skipped(entry, "link")
        elif not entry.is_dir():
            suffix = entry.suffix.lower()
            yield entry if suffix in suffixes else Skipped(entry, _kind(suffix))
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            yield from walk(entry, also)


def _by_name(path: Path) -> tuple[list[str | int], str]:
    return natural_order(path.name)


def _kind(suffix: str) -> str:
    """What files of a suffix are, when they are no pictures that are read."""
    known = next((known for known in FORMATS if suffix in known.suffixes), None)
    if known is not None:
        return f"{known.name} file"
    return f"{suffix} file" if suffix else "file without a suffix"


def summarize(skipped: Iterable[Skipped]) -> str:
    """One line that counts what was left out by kind, with a few names of each; empty for nothing."""
    kinds: dict[str, list[str]] = {}
    for each in skipped:
        kinds.setdefault(each.what, []).append(each.path.name)
    parts = []
    for what, names in kinds.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        parts.append(f"{len(names)} x {what} ({', '.join(names[:_NAMED])}{more})")
    advice = " Save pictures of other formats as JPEG or PNG." if _PICTURES_OF_OTHERS & kinds.keys() else ""
    return f"Not read: {', '.join(parts)}.{advice}" if parts else ""
