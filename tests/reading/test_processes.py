"""A recognizer is copied, pickled and handed to other processes, and answers there as here."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inkdigits.pictures.images import InputLimits
from inkdigits.reading.model_file import bundled_model
from inkdigits.reading.recognizer import Recognizer

Copy = Callable[[Recognizer], Recognizer]


def stroke(left: int) -> Image.Image:
    page = Image.new("L", (90, 100), 250)
    ImageDraw.Draw(page).line((left, 80, left + 5, 20), fill=20, width=8)
    return page


PAGES = [stroke(left) for left in (20, 40, 60)]


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda recognizer: pickle.loads(pickle.dumps(recognizer))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_gives_the_same_answers(duplicate: Copy) -> None:
    recognizer = Recognizer(limits=InputLimits(max_pixels=10_000), max_error=0.01)
    twin = duplicate(recognizer)
    assert [twin.predict(page) for page in PAGES] == [recognizer.predict(page) for page in PAGES]
    assert (twin.class_names, twin.coverage) == (recognizer.class_names, recognizer.coverage)
    images = np.zeros((2, 28, 28), np.uint8)
    np.testing.assert_array_equal(twin.classify(images), recognizer.classify(images))
    with pytest.raises(Exception, match="at most 10000 pixels"):
        twin.predict(Image.new("L", (200, 200)))


def test_a_copy_needs_no_file(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(bundled_model())
    pickled = pickle.dumps(Recognizer(path))
    path.unlink()
    assert pickle.loads(pickled).predict(PAGES[0]).digit == 1


# In an interpreter of its own: by now another test may have loaded JAX, whose threads no fork survives.
IN_PROCESSES = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from inkdigits import Recognizer
from tests.reading.test_processes import PAGES

if __name__ == "__main__":
    recognizer = Recognizer()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(sys.argv[1])) as pool:
        answers = list(pool.map(recognizer.predict, PAGES))
    assert answers == [recognizer.predict(page) for page in PAGES]
    assert answers[0].digit == 1
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_worker_processes(method: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(IN_PROCESSES, encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, program, method], env=environ, check=True, timeout=120)


def test_joblib() -> None:
    joblib = pytest.importorskip("joblib")
    recognizer = Recognizer()
    answers = joblib.Parallel(n_jobs=2)(joblib.delayed(recognizer.predict)(page) for page in PAGES)
    assert answers == [recognizer.predict(page) for page in PAGES]
