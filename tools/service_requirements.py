"""Write what the container installs, with hashes: `python tools/service_requirements.py [--check]`.

It is what the extra `web` needs, all the way down, as the environment that runs this has it installed; the
versions and hashes are those of constraints.txt. With --check nothing is written: the file must be in step.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["main", "needed", "pinned"]

_ROOT = Path(__file__).resolve().parents[1]
_WRITTEN = _ROOT / "requirements-service.txt"
_HEAD = "# What the container installs. Written by tools/service_requirements.py; do not edit.\n"
# Of the container, whatever runs this.
_PLATFORM = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"} | {
    "python_version": "3.13",
    "python_full_version": "3.13.0",
    "platform_python_implementation": "CPython",
}


def needed(package: str, extras: frozenset[str], seen: set[tuple[str, str]] | None = None) -> Iterator[str]:
    """The canonical names of all packages that one needs with some extras."""
    seen = set() if seen is None else seen
    environment = {name: str(value) for name, value in default_environment().items()} | _PLATFORM
    for line in requires(package) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is not None and not any(
            marker.evaluate({**environment, "extra": e}) for e in ("", *extras)
        ):
            continue
        name = canonicalize_name(requirement.name)
        key = (name, ",".join(sorted(requirement.extras)))
        if key in seen:
            continue
        seen.add(key)
        if name != canonicalize_name(package):
            yield name
        try:
            yield from needed(name, frozenset(requirement.extras), seen)
        except PackageNotFoundError:  # not for this platform, but perhaps for the container's
            continue


def pinned(constraints: str) -> dict[str, str]:
    """What constraints.txt says of each package: its version, or several by Python's, with their hashes."""
    found: defaultdict[str, str] = defaultdict(str)
    for block in re.findall(r"^[\w.-]+==.*\n(?:[ \t].*\n)*", constraints, re.MULTILINE):
        found[canonicalize_name(block.partition("==")[0])] += block
    return found


def main() -> None:
    """Write the file, or check it."""
    blocks = pinned((_ROOT / "constraints.txt").read_text(encoding="utf-8"))
    names = sorted(set(needed("inkdigits", frozenset({"web"}))))
    missing = [name for name in names if name not in blocks]
    if missing:
        sys.exit(f"not in constraints.txt: {', '.join(missing)}")
    text = _HEAD + "".join(blocks[name] for name in names)
    if "--check" not in sys.argv[1:]:
        _WRITTEN.write_text(text, encoding="utf-8")
    elif not _WRITTEN.exists() or _WRITTEN.read_text(encoding="utf-8") != text:
        sys.exit(f"{_WRITTEN.name} is behind constraints.txt or pyproject.toml: run {Path(__file__).name}")


if __name__ == "__main__":
    main()
