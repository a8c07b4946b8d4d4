"""The one door to all datasets: `load("mnist")`, `load("digits.csv")`, `load("my-pictures/")`.

The road of a name or path, and who knows what on it:

    1. known      a name of the catalogue is found, or fetched, and checked by its hash      known/
    2. place      anything else is a path, or a folder of that name in $INKDIGITS_DATA       here
    3. reader     one reader a format: a file's first bytes choose it, or what a folder      formats/
                  holds; each is a function path -> Dataset
          values, pictures   numbers become 28x28 uint8 (pixels, layout), and pictures go through
                             the normaliser (pictures)
          roles              names and content say what trains, validates and tests          roles
    4. check      what trains is not what tests                                              roles
"""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from inkdigits.datasets.catalogue import CATALOGUE, COLLECTIONS, NAMES
from inkdigits.datasets.dataset import Dataset
from inkdigits.datasets.formats.files import read_file
from inkdigits.datasets.formats.folders import read_folder
from inkdigits.datasets.known.finding import load_named
from inkdigits.datasets.known.uci import load_uci
from inkdigits.datasets.roles import refuse_mixed_up
from inkdigits.errors import DatasetError
from inkdigits.extras import require
from inkdigits.files import did_you_mean, expand_home

__all__ = ["find_folder", "load"]

DATA_VARIABLE = "INKDIGITS_DATA"


def load(
    name_or_path: str | Path,
    *,
    folder: Path | None = None,
    cache: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Dataset:
    """A known dataset by its name, or anybody's own by its path.

    Known names are looked for in `folder`, in $INKDIGITS_DATA (a subfolder of that name first), in
    the cache, and then on the network. Names win over paths: write `./mnist` for a folder of that name.
    Any other folder in `folder` or $INKDIGITS_DATA, or one level below, is found by its name too.

    Args:
        name_or_path: a key of `NAMES`, or a file or folder in one of the formats that are read.
        folder: where to look first for a known dataset.
        cache: where downloads are kept; the user's cache folder unless given.
        environ: the environment; that of the process, at the time of the call, unless given.

    Raises:
        DatasetError: unknown name, missing or malformed file, or no network where it is needed.
        MissingExtraError: the format needs a package that is not installed.
    """
    places = _places(folder, os.environ if environ is None else environ)
    if name_or_path == "uci":
        return load_uci()
    if isinstance(name_or_path, str) and name_or_path in CATALOGUE:
        return load_named(name_or_path, folders=places, cache=_cache(cache))
    path = expand_home(name_or_path)
    if not path.exists():
        path = _folder_called(str(name_or_path), places) or path
    if not path.exists():
        raise _unknown(str(name_or_path), path)
    if not (path.is_file() or path.is_dir()):  # reading a pipe or a device could wait, or go on, for ever
        raise DatasetError(
            path,
            expected="a file or a folder",
            found="something that is neither",
            remedy="Write its output into a file first.",
        )
    return refuse_mixed_up(path, read_folder(path) if path.is_dir() else read_file(path))


def find_folder(name: str, *, environ: Mapping[str, str] | None = None) -> Path:
    """The folder of that name in $INKDIGITS_DATA or one level below, or at that path.

    Raises:
        DatasetError: there is no such folder.
    """
    path = expand_home(name)
    if path.is_dir():
        return path
    found = _folder_called(name, _places(None, os.environ if environ is None else environ))
    if found is None:
        raise _unknown(name, path)
    return found


def _places(folder: Path | None, environ: Mapping[str, str]) -> list[Path]:
    if folder is not None and not folder.is_dir():
        raise DatasetError(
            folder, expected="a folder with datasets", found="no such folder", remedy="Correct the path."
        )
    variable = environ.get(DATA_VARIABLE)
    named = expand_home(variable) if variable else None
    if named is not None and named.is_file():
        raise DatasetError(
            DATA_VARIABLE,
            expected="a folder with datasets",
            found=f"{named}, a file",
            remedy="Name the folder that it is in, or give the file itself as the dataset.",
        )
    return [place for place in (folder, named) if place is not None]


def _folder_called(name: str, places: Sequence[Path]) -> Path | None:
    """The folder of that name in one of the places, or in a folder of theirs."""
    if Path(name).name != name or name in ("", ".", ".."):
        return None
    found = (
        path for place in places for path in (place / name, *sorted(place.glob(f"*/{glob.escape(name)}")))
    )
    return next((path for path in found if path.is_dir()), None)


def _cache(cache: Path | None) -> Path:
    if cache is not None:
        return cache
    return Path(require("pooch", extra="train", for_what="downloading datasets").os_cache("inkdigits"))


def _unknown(name: str, path: Path) -> DatasetError:
    if name in COLLECTIONS:
        return DatasetError(
            name,
            expected=f"a folder {name} in a folder that {DATA_VARIABLE} names, or its path",
            found="none",
            remedy=f"Get it from {COLLECTIONS[name][1]}; inkdigits does not download it.",
        )
    # Files come before datasets: whoever writes my-digits.csv means no known name.
    hint = did_you_mean(path.name, _names_in(path.parent), likeness=0.8)
    if not hint and path.name == name and not path.suffix:
        hint = did_you_mean(name, NAMES)
    return DatasetError(
        name,
        expected=f"a file, a folder, or one of {', '.join(NAMES)}",
        found="neither a file nor a known name",
        remedy=hint or "Check the spelling and the folder you are in.",
    )


def _names_in(folder: Path) -> list[str]:
    """What lies in a folder; nothing where it is not there."""
    return [path.name for path in folder.iterdir() if path.name[0] != "."] if folder.is_dir() else []
