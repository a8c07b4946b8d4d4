"""The table that Ray makes is the local one, whichever actor dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inkdigits.bulk.digits import PredictJob
from inkdigits.bulk.local import run_locally
from inkdigits.errors import ConfigError
from tests.bulk.made_up_pictures import write_pictures
from tests.bulk.poison import MortalJob

ray = pytest.importorskip("ray")

from inkdigits.bulk.ray import run_on_ray  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own deprecations are not ours


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ray") / "pictures"
    write_pictures(folder, 700)
    (folder / "17.png").write_bytes(b"no picture")
    return folder


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows in the order of the files' names."""
    import pyarrow.dataset

    rows: list[dict[str, Any]] = pyarrow.dataset.dataset(path, format="parquet").to_table().to_pylist()
    return rows


@pytest.fixture(scope="module")
def local_rows(folder: Path) -> list[dict[str, Any]]:
    table = folder.parent / "local.parquet"
    run_locally(PredictJob(None, None, None, "parquet"), [str(folder)], table, n_workers=2)
    return rows_of(table)


def test_ray_and_local_give_the_same_table(folder: Path, local_rows: list[dict[str, Any]]) -> None:
    target = folder.parent / "ray.parquet"
    job = PredictJob(None, None, None, "parquet")
    result = run_on_ray(job, [str(folder)], target, address=None, n_workers=2)
    assert rows_of(target) == local_rows
    assert (result.counts.rows, result.counts.errors) == (700, 1)


def test_an_actor_that_dies_loses_nothing(
    folder: Path, local_rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    job = MortalJob(None, None, None, "parquet", tmp_path / "tombstone")
    run_on_ray(job, [str(folder)], tmp_path / "ray.parquet", address=None, n_workers=2)
    assert (tmp_path / "tombstone").exists(), "an actor died"
    assert rows_of(tmp_path / "ray.parquet") == local_rows


def test_ray_writes_new_folders_of_parquet_only(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a new folder"):
        run_on_ray(
            PredictJob(None, None, None, "csv"), [str(folder)], tmp_path / "t.csv", address=None, n_workers=1
        )
    with pytest.raises(ConfigError, match="one that exists"):
        run_on_ray(
            PredictJob(None, None, None, "parquet"), [str(folder)], tmp_path, address=None, n_workers=1
        )
