"""From a folder to the pictures in it, folder by folder, and what is left out on the way.

This module knows names only: what a file holds, `inkdigits.pictures.images` finds out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inkdigits.files import natural_order
from inkdigits.pictures.formats import FORMATS, picture_suffixes

__all__ = ["Skipped", "summarize", "walk"]

_NAMED = 3  # of each kind that was skipped, in a summary


@dataclass(frozen=True)
class Skipped:
    """What was left out: its path, and in words what it is."""

    path: Path
    what: str


def walk(folder: Path, also: Iterable[str] = ()) -> Iterator[Path | Skipped]:
    """The pictures in a folder and the folders in it, and what else is there, in natural order.

    Files come before folders. Hidden files and folders are left out without a word, among them macOS's
    `._1.png`. Links are not followed.

    Args:
        folder: where to look.
        also: more suffixes of pictures that can be read, such as ".heic" where its decoder is installed.
    """
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: natural_order(entry.name))
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
    return f"Not read: {', '.join(parts)}." if parts else ""
