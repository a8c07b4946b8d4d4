"""The one door to all datasets: `load("mnist")`, `load("digits.csv")`, `load("my-pictures/")`."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
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

__all__ = ["load"]

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
    environ = os.environ if environ is None else environ
    if name_or_path == "uci":
        return load_uci()
    if isinstance(name_or_path, str) and name_or_path in CATALOGUE:
        folders = _places(folder, environ)
        return load_named(name_or_path, folders=folders, cache=_cache(cache))
    path = Path(name_or_path).expanduser()
    if not path.exists():
        path = _folder_called(str(name_or_path), _places(folder, environ)) or path
    if path.is_dir():
        return refuse_mixed_up(path, read_folder(path))
    if path.exists():
        return refuse_mixed_up(path, read_file(path))
    raise _unknown(str(name_or_path))


def _places(folder: Path | None, environ: Mapping[str, str]) -> list[Path]:
    if folder is not None and not folder.is_dir():
        raise DatasetError(
            folder, expected="a folder with datasets", found="no such folder", remedy="Correct the path."
        )
    named = environ.get(DATA_VARIABLE)
    return [place for place in (folder, Path(named).expanduser() if named else None) if place is not None]


def _folder_called(name: str, places: Sequence[Path]) -> Path | None:
    """The folder of that name in one of the places, or in a folder of theirs."""
    if Path(name).name != name or name in ("", ".", ".."):
        return None
    found = (
        path for place in places for path in (place / name, *sorted(place.glob(f"*/{glob.escape(name)}")))
    )
    return next((path for path in found if path.is_dir()), None)


def _cache(cache: Path | None) -> Path:
    return (
        Path(require("pooch", extra="train", for_what="downloading datasets").os_cache("inkdigits"))
        if cache is None
        else cache
    )


def _unknown(name: str) -> DatasetError:
    if name in COLLECTIONS:
        return DatasetError(
            name,
            expected=f"a folder {name} in a folder that {DATA_VARIABLE} names, or its path",
            found="none",
            remedy=f"Get it from {COLLECTIONS[name][1]}; it is not fetched by itself.",
        )
    close = get_close_matches(name.lower(), NAMES, n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}?" if close else "Check the spelling and the folder you are in."
    return DatasetError(
        name,
        expected=f"a file, a folder, or one of {', '.join(NAMES)}",
        found="neither a file nor a known name",
        remedy=hint,
    )
