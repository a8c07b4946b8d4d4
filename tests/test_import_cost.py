"""`import inkdigits` is quick, because it loads nothing that predicting does not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import inkdigits

TRAINING = {
    *("keras", "jax", "jaxlib", "tensorflow", "torch", "onnx"),
    *("matplotlib", "scipy", "sklearn", "pandas", "pyarrow", "pooch"),
}
READING = {"numpy", "cv2", "PIL", "onnxruntime"}
APPLICATIONS = {"typer", "click", "rich", "fastapi", "starlette", "uvicorn"}
SAMPLE = Path(inkdigits.__file__).parent / "samples" / "7_crossed_biro.png"
LIMIT_S = 1.0  # of one processor; loose: a guard against a framework that slips in, not a benchmark

PROGRAM = """
import json, sys, time
started = time.process_time()
{statement}
cpu_s = time.process_time() - started
print(json.dumps([cpu_s, sorted(sys.modules)]))
"""


def import_alone(statement: str) -> tuple[float, set[str], set[str]]:
    """Processor seconds of a statement in a fresh interpreter, and the packages and modules that it loads."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(statement=statement)],
        capture_output=True,
        check=True,
        timeout=120,
    )
    cpu_s, loaded = json.loads(ended.stdout)
    return cpu_s, {name.partition(".")[0] for name in loaded}, set(loaded)


def test_the_root_loads_nothing_before_a_name_is_asked_for() -> None:
    _, packages, modules = import_alone("import inkdigits")
    assert packages & (TRAINING | APPLICATIONS | READING) == set()
    assert {name for name in modules if name.startswith("inkdigits")} == {"inkdigits"}


def test_reading_one_digit_loads_no_framework_and_is_quick() -> None:
    statement = f"from inkdigits import Recognizer; assert Recognizer().predict({str(SAMPLE)!r}).digit == 7"
    least_s, packages, modules = import_alone(statement)
    assert packages & (TRAINING | APPLICATIONS) == set()
    assert {"inkdigits", "numpy", "cv2"} <= packages, "the parts of the package came along"
    reads_numbers = ("inkdigits.reading.numbers", "inkdigits.layout", "inkdigits.recipes")
    assert [name for name in modules if name.startswith(reads_numbers)] == []
    assert {"numpy.ma", "PIL.TiffImagePlugin", "PIL.ImageDraw", "tomllib", "tempfile"} & modules == set()
    for _ in range(2):
        if least_s < LIMIT_S:
            break
        least_s = min(least_s, import_alone(statement)[0])
    assert least_s < LIMIT_S


def test_the_command_line_loads_no_more_than_its_options_need() -> None:
    _, packages, modules = import_alone("import inkdigits.cli")
    assert packages & (TRAINING | READING | {"rich"}) == set()
    assert {name for name in modules if name.startswith("inkdigits.reading")} == set()


def test_the_command_takes_care_of_ctrl_c_before_it_loads_anything_slow() -> None:
    _, packages, _ = import_alone("import inkdigits.__main__")
    assert packages & (TRAINING | APPLICATIONS | READING) == set()


def test_the_datasets_and_adapting_wait_with_what_training_needs() -> None:
    _, packages, _ = import_alone("import inkdigits.datasets, inkdigits.adaptation")
    assert packages & TRAINING == set()


def test_nothing_is_reported_to_the_makers_of_the_runtime(tmp_path: Path) -> None:
    """ONNX Runtime keeps an id of the machine in the home folder where it reports, but not under CI."""
    environ = {name: value for name, value in os.environ.items() if name not in ("CI", "XDG_CACHE_HOME")}
    environ.pop("ORT_DISABLE_TELEMETRY", None)
    program = "import inkdigits, os; inkdigits.Recognizer(); print(os.environ['ORT_DISABLE_TELEMETRY'])"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**environ, "HOME": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    assert ended.stdout.strip() == "1"
    assert list(tmp_path.rglob("*onnxruntime*")) == []
