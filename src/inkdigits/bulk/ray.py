"""A bulk run on Ray: the same job and the same rows, on as many machines as a cluster has.

    chunks  ->  map_batches over a pool of actors, one model each  ->  a folder of Parquet files

Ray Data streams: an actor is given the next chunk when it is done with the last, finished blocks are written
while others are read, and an actor or a machine that dies has its chunks read again elsewhere. Every machine
must be able to open the sources under the names given: a shared file system, or URLs.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inkdigits.bulk.job import Job
from inkdigits.bulk.local import BulkProgress, BulkResult
from inkdigits.bulk.sources import chunks_of, take_inventory
from inkdigits.bulk.table import count, to_arrow
from inkdigits.errors import ConfigError
from inkdigits.extras import require

__all__ = ["run_on_ray"]


def run_on_ray(
    job: Job, sources: Sequence[str], folder: Path, *, address: str | None, n_workers: int | None
) -> BulkResult:
    """Read every picture of the sources into a folder of Parquet files.

    Args:
        job: what is done to each picture; its format must be Parquet.
        sources: as `inkdigits.bulk.sources` has them.
        folder: for the files; must not exist.
        address: of a cluster, as `ray.init` takes it; None starts Ray on this machine.
        n_workers: actors; None for as many as the cluster has processors.

    Raises:
        ConfigError: another format, a folder that exists, or sources that cannot be used.
        MissingExtraError: Ray is not installed.
    """
    if job.table_format != "parquet" or folder.exists():
        raise ConfigError(
            f"--out {folder}",
            expected="the name of a new folder that ends in .parquet: Ray writes a file a block",
            found="one that exists" if folder.exists() else f"the format {job.table_format}",
            remedy="Name another, or leave out --engine ray.",
        )
    started = time.perf_counter()
    # Ray reports to its makers what it is used for, unless this is set before it starts.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray, data = (
        require("ray", extra="ray", for_what="--engine ray"),
        require("ray.data", extra="ray", for_what="--engine ray"),
    )
    job.worker()  # a model that cannot be used is found before a cluster is started
    items = [{"chunk": pickle.dumps(chunk)} for chunk in chunks_of(sources, job.grain)]
    if not ray.is_initialized():
        ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level="WARNING")
    _set_up(data.DataContext.get_current())
    n_actors = n_workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    dataset = data.from_items(items, override_num_blocks=max(1, len(items)))
    rows = dataset.map_batches(
        _Actor,
        fn_constructor_args=(job,),
        batch_size=1,
        batch_format="pyarrow",
        compute=data.ActorPoolStrategy(min_size=1, max_size=n_actors),
        num_cpus=1,
    )
    rows.write_parquet(str(folder))
    counts = count(job.table_format, folder)
    inventory = take_inventory(sources, job.grain)
    progress = BulkProgress(inventory.n_pictures, inventory.n_pictures, 0, time.perf_counter() - started)
    return BulkResult(counts, progress, inventory.skipped, interrupted=False)


def _set_up(context: Any) -> None:
    context.execution_options.preserve_order = True
    context.enable_progress_bars = sys.stderr.isatty()
    if not context.enable_progress_bars:
        logging.getLogger("ray.data").setLevel(logging.WARNING)


class _Actor:
    """A worker as Ray Data calls it."""

    def __init__(self, job: Job) -> None:
        self._worker = job.worker()

    def __call__(self, batch: Any) -> Any:
        (content,) = batch.column("chunk").to_pylist()
        rows, _ = self._worker.rows(pickle.loads(content))
        return to_arrow(self._worker.columns, rows)
