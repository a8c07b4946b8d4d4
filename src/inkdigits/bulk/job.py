"""What a bulk run does to each picture: a job that travels to the workers, and what it opens there.

A picture that cannot be read is a row with an error. So is one on which reading itself failed in a way that
nobody foresaw: a million others must not wait for it. The jobs are in `inkdigits.bulk.digits` and
`inkdigits.bulk.numbers`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inkdigits.bulk.sources import Chunk, Grain
from inkdigits.bulk.table import Counts, Row, TableFormat, encode
from inkdigits.errors import ImageError
from inkdigits.results import Box

__all__ = [
    "ChunkResult",
    "Job",
    "Worker",
    "columns_of_box",
    "fingerprint",
    "reason_of",
    "result_of",
    "unforeseen",
]


class Job(Protocol):
    """What is done to each picture; it is pickled and sent to the workers.

    Attributes:
        table_format: what the rows are encoded as.
        reads: what of a picture, in the plural.
        grain: how the sources are cut into chunks.
    """

    @property
    def table_format(self) -> TableFormat: ...
    @property
    def reads(self) -> str: ...
    @property
    def grain(self) -> Grain: ...

    def settings(self) -> dict[str, object]:
        """What decides the table: for another run to be a continuation, these must be equal."""

    def worker(self) -> Worker:
        """Open the model.

        Raises:
            ModelError: it cannot be used.
            ConfigError: it cannot do what the settings ask for.
        """


class Worker(Protocol):
    """One process's reader: it has the model open.

    Attributes:
        columns: of the table.
    """

    @property
    def columns(self) -> tuple[str, ...]: ...

    def rows(self, chunk: Chunk) -> tuple[list[Row], Counts]:
        """The rows of a chunk, in its order."""

    def row_of_error(self, name: str, error: ImageError) -> Row:
        """The row of a picture that could not be read."""


@dataclass(frozen=True)
class ChunkResult:
    """The encoded rows of a chunk, and their counts."""

    number: int
    content: bytes
    counts: Counts


def result_of(job: Job, worker: Worker, chunk: Chunk) -> ChunkResult:
    """Read a chunk."""
    rows, counts = worker.rows(chunk)
    return ChunkResult(chunk.number, encode(job.table_format, worker.columns, rows), counts)


def fingerprint(file: str | None) -> str:
    """What tells a model or a list from another one."""
    return "bundled" if file is None else hashlib.sha256(Path(file).read_bytes()).hexdigest()


def columns_of_box(box: Box | None) -> Row:
    """The columns that say where on the picture the ink is; none without ink."""
    return {} if box is None else {"left": box.left, "top": box.top, "width": box.width, "height": box.height}


def reason_of(error: ImageError) -> str:
    """The message without the path, which the row names already."""
    return f"expected {error.expected}, found {error.found}. {error.remedy}"


def unforeseen(error: Exception) -> ImageError:
    """What a picture's row says that made the reader fail."""
    return ImageError(
        "picture",
        expected="a picture that can be read",
        found=f"{type(error).__name__}: {error}",
        remedy="Please report this picture: reading it failed in a way that nobody foresaw.",
    )
