"""A bulk run on this machine: a process a core, each with a model of its own.

The parent names pictures and counts rows; it decodes nothing and holds nothing but the few chunks that are
under way, so its memory stays flat however many pictures there are. Workers write the parts themselves.

A worker that is killed, by the system or by a picture that brings the process down, takes its chunk with it:
the chunk is tried again, and after a second death its pictures are read one by one, so that only the culprit
is lost.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

from inkdigits.bulk.job import ChunkResult, Job, Worker, result_of
from inkdigits.bulk.parts import PartsFolder
from inkdigits.bulk.sources import Chunk, Inventory, ParquetRows, chunks_of, take_inventory
from inkdigits.bulk.table import Counts, Row, count, encode, join
from inkdigits.errors import ConfigError, ImageError
from inkdigits.normalizer import NORMALIZER_VERSION
from inkdigits.pictures.walking import Skipped
from inkdigits.process.signals import stop_signals, withheld

__all__ = ["BulkProgress", "BulkResult", "run_locally"]

_AHEAD = 2  # chunks a worker that are handed out, so that none waits for the parent
_DEATHS = 2  # of workers on one chunk, until its pictures are read one by one


@dataclass(frozen=True)
class BulkProgress:
    """How many pictures are done, of how many; `n_before` of them by the run that this one continues."""

    n_done: int
    n_pictures: int
    n_before: int
    elapsed_s: float

    @property
    def pictures_per_second(self) -> float:
        """The rate of this run."""
        return (self.n_done - self.n_before) / max(self.elapsed_s, 1e-9)

    @property
    def left_s(self) -> float:
        """Seconds left at that rate; infinite before anything is done."""
        rate = self.pictures_per_second
        return (self.n_pictures - self.n_done) / rate if rate else float("inf")


@dataclass(frozen=True)
class BulkResult:
    """What a bulk run ended with.

    Attributes:
        counts: of the rows that are there.
        progress: where it stood at the end.
        skipped: what folders hold beside pictures, which has no rows.
        interrupted: whether a signal ended it before the table was whole.
    """

    counts: Counts
    progress: BulkProgress
    skipped: tuple[Skipped, ...]
    interrupted: bool


def run_locally(
    job: Job,
    sources: Sequence[str],
    table: Path,
    *,
    n_workers: int,
    resume: bool = False,
    show: Callable[[BulkProgress], None] = lambda progress: None,
) -> BulkResult:
    """Read every picture of the sources into a table.

    Args:
        job: what is done to each picture.
        sources: files, folders and what else `inkdigits.bulk.sources` knows.
        table: the result; its suffix must fit the job's format.
        n_workers: processes.
        resume: go on with a run that was interrupted.
        show: called after every chunk, from this thread.

    Raises:
        ConfigError: sources or settings that cannot be used, or not for going on.
        ModelError: the model cannot be used.
        OSError: the table or its parts cannot be written.
    """
    columns = job.worker().columns  # and a model that cannot be used is found before anything is begun
    inventory = take_inventory(sources, job.grain)
    if not inventory.n_pictures:
        raise ConfigError(
            ", ".join(sources)[:200],
            expected="sources that hold pictures",
            found="no picture in them",
            remedy="Check the paths; inkdigits reads PNG, JPEG, WebP, BMP, GIF and TIFF.",
        )
    parts = PartsFolder(table)
    manifest = {
        "inkdigits": metadata.version("inkdigits"),
        "normalizer": NORMALIZER_VERSION,
        "n_pictures": inventory.n_pictures,
        "fingerprint": inventory.fingerprint,
        **job.settings(),
    }
    if not parts.begin(manifest, resume=resume):
        n = inventory.n_pictures
        return BulkResult(
            count(job.table_format, table), BulkProgress(n, n, n, 0.0), inventory.skipped, interrupted=False
        )
    before = parts.counts()
    with stop_signals(signal.SIGINT, signal.SIGTERM) as stop:
        run = _Run(job, parts, inventory, before, stop, show)
        done = parts.done()
        run.read(_missing(chunks_of(sources, job.grain), done), n_workers)
        if stop.is_set():
            return run.result(interrupted=True)
        join(job.table_format, columns, parts.contents(inventory.n_chunks), table)
        parts.remove()
    return run.result(interrupted=False)


def _missing(chunks: Iterator[Chunk], done: set[int]) -> Iterator[Chunk]:
    return (chunk for chunk in chunks if chunk.number not in done)


class _Run:
    """The chunks under way, and the counts so far."""

    def __init__(
        self,
        job: Job,
        parts: PartsFolder,
        inventory: Inventory,
        before: Counts,
        stop: threading.Event,
        show: Callable[[BulkProgress], None],
    ) -> None:
        self.job, self.parts, self.inventory, self.stop, self.show = job, parts, inventory, stop, show
        self.before, self.counts = before, before
        self.deaths: dict[int, int] = {}
        self.started = time.perf_counter()

    def read(self, chunks: Iterator[Chunk], n_workers: int) -> None:
        """Read chunks until there are none left, or a signal asks to stop."""
        again: list[Chunk] = []
        while True:
            lost = self._read_in_pool(iter(again), chunks, n_workers)
            if not lost or self.stop.is_set():
                return
            again = []
            for chunk in lost:
                self.deaths[chunk.number] = self.deaths.get(chunk.number, 0) + 1
                if self.deaths[chunk.number] < _DEATHS:
                    again.append(chunk)
                else:
                    self._read_one_by_one(chunk)

    def _read_in_pool(self, again: Iterator[Chunk], chunks: Iterator[Chunk], n_workers: int) -> list[Chunk]:
        """Read with one set of workers; returns the chunks that were lost when one of them died."""
        under_way: dict[Future[Counts], Chunk] = {}
        with _pool(self.job, self.parts, n_workers) as pool:
            while not self.stop.is_set():
                while len(under_way) < _AHEAD * n_workers:
                    chunk = next(again, None) or next(chunks, None)
                    if chunk is None:
                        break
                    try:
                        with withheld(signal.SIGINT):  # workers start here: the parent alone decides
                            under_way[pool.submit(_read_chunk, chunk)] = chunk
                    except BrokenProcessPool:
                        return [*under_way.values(), chunk, *again]
                if not under_way:
                    return []
                ended, _ = wait(under_way, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in ended:
                    if isinstance(future.exception(), BrokenProcessPool):
                        return [*under_way.values(), *again]
                    del under_way[future]
                    self._count(future.result())
        return []

    def _read_one_by_one(self, chunk: Chunk) -> None:
        """Read a chunk that killed its workers, each picture in a process that it may take along."""
        worker = self.job.worker()
        rows: list[Row] = []
        counts = Counts()
        for single in _singles(chunk):
            with _pool(self.job, self.parts, 1) as pool:
                try:
                    with withheld(signal.SIGINT):
                        answer = pool.submit(_read_rows, single)
                    more, of_single = answer.result()
                except BrokenProcessPool:
                    more, of_single = [_row_of_death(worker, single)], Counts(errors=1, pictures=1)
            rows += more
            counts += of_single
        content = encode(self.job.table_format, worker.columns, rows)
        self.parts.write(ChunkResult(chunk.number, content, counts))
        self._count(counts)

    def _count(self, counts: Counts) -> None:
        self.counts += counts
        self.show(self._progress())

    def _progress(self) -> BulkProgress:
        elapsed_s = time.perf_counter() - self.started
        return BulkProgress(self.counts.pictures, self.inventory.n_pictures, self.before.pictures, elapsed_s)

    def result(self, *, interrupted: bool) -> BulkResult:
        """What it came to."""
        return BulkResult(self.counts, self._progress(), self.inventory.skipped, interrupted)


def _singles(chunk: Chunk) -> Iterator[Chunk]:
    """The pictures of a chunk, each as a chunk of its own."""
    pictures = chunk.pictures
    if not isinstance(pictures, ParquetRows):
        yield from (replace(chunk, pictures=(picture,)) for picture in pictures)
        return
    for i in range(len(chunk)):
        start, first_row = pictures.start + i, pictures.first_row + i
        yield replace(chunk, pictures=replace(pictures, start=start, stop=start + 1, first_row=first_row))


def _row_of_death(worker: Worker, single: Chunk) -> Row:
    pictures = single.pictures
    name = pictures.names[0] if isinstance(pictures, ParquetRows) else pictures[0].name
    error = ImageError(
        name,
        expected="a picture that can be read",
        found="that the process reading it died, twice",
        remedy="Look at this picture by itself; it may need more memory than is available.",
    )
    return worker.row_of_error(name, error)


# In the workers.

_job: Job
_worker: Worker
_parts: PartsFolder


def _pool(job: Job, parts: PartsFolder, n_workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the runtime's threads do not survive a fork.
    return ProcessPoolExecutor(
        n_workers, get_context("spawn"), initializer=_open_worker, initargs=(job, parts)
    )


def _open_worker(job: Job, parts: PartsFolder) -> None:
    global _job, _worker, _parts
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be withheld, on Windows
    _job, _worker, _parts = job, job.worker(), parts


def _read_chunk(chunk: Chunk) -> Counts:
    result = result_of(_job, _worker, chunk)
    _parts.write(result)
    return result.counts


def _read_rows(chunk: Chunk) -> tuple[list[Row], Counts]:
    return _worker.rows(chunk)
