"""What every benchmark here shares: several runs, their spread, and where they were made."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

from inkdigits.runs.environment import library_versions

__all__ = ["conditions", "resident_mb", "spread", "write_results"]


def spread(values: Sequence[float]) -> dict[str, float | int]:
    """Number of runs, median, mean, standard deviation, least and most."""
    return {
        "runs": len(values),
        "median": statistics.median(values),
        "mean": statistics.fmean(values),
        "sd": statistics.stdev(values) if len(values) > 1 else 0.0,
        "min": min(values),
        "max": max(values),
    }


def resident_mb(process: Path = Path("/proc/self")) -> float:
    """Memory of a process that is in RAM; `process` is its folder in Linux's /proc."""
    pages = int((process / "statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def conditions() -> dict[str, object]:
    """Machine and versions, without anything that names the machine itself."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "libraries": library_versions(),
    }


def write_results(path: Path | None, results: dict[str, object]) -> None:
    """Print the results as JSON, and write them where the caller asked."""
    text = json.dumps({"conditions": conditions(), **results}, indent=2)
    print(text)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
