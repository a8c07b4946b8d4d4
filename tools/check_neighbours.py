"""Check that inkdigits installs beside others: `python tools/check_neighbours.py [NAME...]`.

pip resolves what inkdigits itself needs together with the newest of each, installs nothing, and names the
version that it would take. Run it before a release, and after a bound in pyproject.toml was changed: what pip
takes an old version of, or none, is held back by one of our bounds.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

__all__ = ["main", "resolved"]

NEIGHBOURS = ("gradio", "tensorflow", "torch", "moviepy")
_PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def resolved(requirements: list[str]) -> dict[str, str]:
    """The versions that pip takes, by name.

    Raises:
        subprocess.CalledProcessError: there are none that fit.
    """
    options = ["--dry-run", "--quiet", "--ignore-installed", "--only-binary", ":all:", "--report", "-"]
    command = [sys.executable, "-m", "pip", "install", *options, *requirements]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    chosen = (one["metadata"] for one in report["install"])
    return {re.sub(r"[-_.]+", "-", one["name"]).lower(): one["version"] for one in chosen}


def main() -> None:
    """Resolve each, beside inkdigits and alone."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", default=NEIGHBOURS, help="packages; four by default")
    project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]
    held_back = []
    for name in parser.parse_args().names:
        beside, alone = resolved([*project["dependencies"], name]), resolved(["--no-deps", name])
        print(f"{name} {beside[name]} beside numpy {beside['numpy']}, pillow {beside['pillow']}", flush=True)
        if beside[name] != alone[name]:
            held_back.append(f"{name} {alone[name]}")
    if held_back:
        sys.exit(f"held back: {', '.join(held_back)}")


if __name__ == "__main__":
    main()
