"""What several tests share: the real data where there is some, and one finished training run."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkdigits.recipes.recipe import Recipe, TrainingConfig
from inkdigits.synthesis.augmentation import AugmentationConfig

if TYPE_CHECKING:
    from inkdigits.training.loop import RunResult


def pytest_configure(config: pytest.Config) -> None:
    """Set up what has to be in place before Keras and JAX are loaded."""
    # A shell that starts the tests in the background has Ctrl-C ignored, and tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Keras itself causes this warning on JAX, whenever it turns a variable into an array.
    config.addinivalue_line(
        "filterwarnings",
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",
    )
    # Most of the time of a small training run goes into compiling, and the tests train the same models often.
    compiled = tempfile.TemporaryDirectory(prefix="inkdigits-compiled-")
    config.add_cleanup(compiled.cleanup)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = compiled.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real pictures and datasets."""
    named = os.environ.get("INKDIGITS_DATA")
    if not named:
        pytest.skip("INKDIGITS_DATA does not name the real data")
    return Path(named)


@pytest.fixture(scope="session")
def small_recipe() -> Recipe:
    """Trains in a second or two, with what resuming has to get right: shuffles, warps, a schedule."""
    return Recipe(
        model="mlp",
        data=("uci",),
        training=TrainingConfig(epochs=3, batch_size=64, schedule="cosine", warmup_epochs=0.5),
        augmentation=AugmentationConfig(rotation_degrees=10, shift_px=1, elastic_px=0.5),
    )


@pytest.fixture(scope="session")
def finished_run(small_recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run of the small recipe that nothing disturbed."""
    from inkdigits.training.loop import train  # Keras takes seconds to load, and most tests do without

    return train(small_recipe, tmp_path_factory.mktemp("runs") / "finished")
