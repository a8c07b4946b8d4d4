"""The folder of a bulk run under way: what was asked for, and a part of the table for each chunk done.

    results.csv.parts/manifest.json    the sources' fingerprint and the settings
    results.csv.parts/000017.part      the rows of chunk 17, under a line with their counts

Each file appears whole or not at all, so a run that was killed at any moment goes on with the chunks that are
missing, and ends with the table of a run that nobody killed. The folder goes when the table is there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from inkdigits.bulk.job import ChunkResult
from inkdigits.bulk.table import Counts
from inkdigits.errors import ConfigError
from inkdigits.files import remove_leftovers, write_whole

__all__ = ["PartsFolder"]


class PartsFolder:
    """The folder beside the table-to-be.

    Args:
        table: the path of the table.
    """

    def __init__(self, table: Path) -> None:
        self.path = table.with_name(table.name + ".parts")
        self._table = table
        self._manifest = self.path / "manifest.json"

    def begin(self, manifest: Mapping[str, object], *, resume: bool) -> bool:
        """Make the folder, or go on with the run in it.

        Returns:
            Whether there is anything left to do: False where the table is complete already.

        Raises:
            ConfigError: there is a table or a run, and nobody asked to go on with it; or it was begun with
                other sources or settings.
        """
        text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
        if self._manifest.exists():
            self._check_begun(text, resume=resume)
            remove_leftovers(self.path)
            return True
        if self._table.exists():
            if resume:
                shutil.rmtree(self.path, ignore_errors=True)  # killed while the parts were being removed
                return False
            raise _refusal(
                self._table, "a table", "Name another file, remove this one, or go on with --resume."
            )
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self._manifest, text)
        return True

    def _check_begun(self, text: str, *, resume: bool) -> None:
        if not resume:
            raise _refusal(
                self.path,
                "an unfinished run",
                "Go on with it: --resume. Or remove the folder to begin anew.",
            )
        begun, asked = json.loads(self._manifest.read_text(encoding="utf-8")), json.loads(text)
        differing = sorted(key for key in begun.keys() | asked.keys() if begun.get(key) != asked.get(key))
        if differing:
            raise ConfigError(
                self.path,
                expected="the sources and settings that the run was begun with",
                found="others: " + ", ".join(f"{key} was {begun.get(key)!r:.60}" for key in differing),
                remedy="Give the same ones, or remove the folder to begin anew.",
            )

    def done(self) -> set[int]:
        """The numbers of the chunks whose part is there."""
        return {int(path.stem) for path in self.path.glob("*.part")}

    def write(self, result: ChunkResult) -> None:
        """Write the part of a chunk."""
        heading = json.dumps(asdict(result.counts)).encode()
        write_whole(self._part(result.number), heading + b"\n" + result.content)

    def counts(self) -> Counts:
        """Of all parts that are there."""
        total = Counts()
        for number in self.done():
            with self._part(number).open("rb") as file:
                total += Counts(**json.loads(file.readline()))
        return total

    def contents(self, n_chunks: int) -> Iterator[bytes]:
        """The encoded rows of each chunk, in order."""
        for number in range(n_chunks):
            with self._part(number).open("rb") as file:
                file.readline()
                yield file.read()

    def remove(self) -> None:
        """Remove the folder, the manifest first: what is left without one is known to be finished."""
        self._manifest.unlink()
        shutil.rmtree(self.path)

    def _part(self, number: int) -> Path:
        return self.path / f"{number:06}.part"


def _refusal(path: Path, found: str, remedy: str) -> ConfigError:
    return ConfigError(path, expected="a place for a new table", found=found, remedy=remedy)
