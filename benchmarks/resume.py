"""SIGKILL at random moments of a training, then `--resume`: do the weights end the same?

    python benchmarks/resume.py --kills 20

Each trial starts the same training, kills it at a moment drawn uniformly over the whole of it (start-up
and the writing of the results included), resumes it, and compares the ONNX file, byte for byte, with that
of a run that nobody killed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import write_results


def main() -> None:
    """Run the trials."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        subprocess.run(_command(folder / "whole"), check=True, stdout=subprocess.DEVNULL)
        duration = time.perf_counter() - started
        expected = (folder / "whole" / "model.onnx").read_bytes()
        trials = []
        for number in range(options.kills):
            moment = moments.uniform(0, duration)
            trials.append(_trial(folder / f"killed-{number}", moment, expected))
            same = sum(bool(trial["same_weights"]) for trial in trials)
            # After each, so that a benchmark that is stopped keeps what it has.
            write_results(options.out, {"whole_run_seconds": duration, "same": same, "trials": trials})
    sys.exit(0 if same == options.kills else 1)


def _command(run: Path) -> list[str]:
    """A network with dropout, augmentation and a schedule: whatever has a state is in it."""
    recipe = Path(__file__).parent / "resume.toml"
    return [sys.executable, "-m", "inkdigits", "train", str(recipe), "--out", str(run), "--quiet"]


def _trial(run: Path, moment: float, expected: bytes) -> dict[str, object]:
    process = subprocess.Popen(_command(run), stdout=subprocess.DEVNULL)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finished = (run / "metrics.json").exists()
    checkpoint = (run / "checkpoint.npz").exists()
    if not finished:
        subprocess.run([*_command(run), "--resume"], check=True, stdout=subprocess.DEVNULL)
    same = (run / "model.onnx").read_bytes() == expected
    return {
        "killed_after_seconds": round(moment, 3),
        "had_checkpoint": checkpoint,
        "had_finished": finished,
        "same_weights": same,
    }


if __name__ == "__main__":
    main()
