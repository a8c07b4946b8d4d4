"""Finds a published dataset: in the folders that are given, then in the cache, then on the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from inkdigits.datasets.catalogue import CATALOGUE, Entry, RemoteFile
from inkdigits.datasets.dataset import Dataset, Split
from inkdigits.datasets.formats.idx import parse_idx
from inkdigits.datasets.formats.pixels import to_split
from inkdigits.datasets.known.download import fetch, good_content
from inkdigits.errors import DatasetError

__all__ = ["load_named"]


def load_named(
    name: str,
    *,
    folders: Sequence[Path],
    cache: Path,
    catalogue: Mapping[str, Entry] = CATALOGUE,
) -> Dataset:
    """A dataset of the catalogue.

    Args:
        name: its name in the catalogue.
        folders: where to look first, in this order: in `FOLDER/NAME`, then in `FOLDER`.
        cache: the folder under which downloads are kept, in `CACHE/NAME`.
        catalogue: what is known.

    Raises:
        DatasetError: a file in `folders` is not the published one, or a download failed.
    """
    entry = catalogue[name]
    found = {file: _find(file, name, folders, catalogue) for file in entry.files()}
    contents = {
        file: fetch(file, entry.mirrors, cache / name) if content is None else content
        for file, content in found.items()
    }
    return Dataset(
        name,
        _split(entry.train_images, entry.train_labels, contents),
        _split(entry.test_images, entry.test_labels, contents),
        entry.class_names,
    )


def _split(images: RemoteFile, labels: RemoteFile, contents: Mapping[RemoteFile, bytes]) -> Split:
    source = Path(images.name)
    pixels = parse_idx(source, contents[images])
    split, _ = to_split(source, pixels, parse_idx(Path(labels.name), contents[labels]))
    return split


def _find(
    file: RemoteFile, name: str, folders: Sequence[Path], catalogue: Mapping[str, Entry]
) -> bytes | None:
    for folder in folders:
        for place in (folder / name, folder):
            path = _present(file, place)
            if path is None:
                continue
            content = good_content(file, path)
            if content is not None:
                return content
            if place == folder and _is_of_another(path, name, catalogue):
                continue  # all these datasets use the same file names
            raise DatasetError(
                path,
                expected=f"the published {file.name} of {name}",
                found="other content (its hash differs)",
                remedy="Replace the file, or move it away to have it fetched.",
            )
    return None


def _present(file: RemoteFile, folder: Path) -> Path | None:
    # Some archives write a dot before "idx".
    names = (file.name, f"{file.name}.gz", file.name.replace("-idx", ".idx"))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _is_of_another(path: Path, name: str, catalogue: Mapping[str, Entry]) -> bool:
    others = (file for other, entry in catalogue.items() if other != name for file in entry.files())
    return any(good_content(file, path) is not None for file in others if file.name in path.name)
