"""Print the lowest versions that pyproject.toml allows, as constraints for pip.

    python tools/lowest_versions.py web test > lowest.txt
    pip install --constraint lowest.txt '.[web]'

The lowest minor version is meant, with all that was mended in it: numpy==1.26.* for numpy>=1.26. Only what
inkdigits names itself is pinned; what those packages need is pip's to choose. Where two extras differ, the
higher bound counts. A package without a lower bound is a fault.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

__all__ = ["lowest_versions", "main"]

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"
_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(?:\[(?P<extras>[\w,-]+)\])?(?:>=(?P<lowest>[\w.]+))?[^;]*(?P<marker>;.*)?"
)


def lowest_versions(project: Mapping[str, Sequence[str]], extras: Sequence[str]) -> list[str]:
    """One line `name==version` for each package, with its marker.

    Args:
        project: the requirements of each extra; "" for those of the package itself.
        extras: which of them are installed.

    Raises:
        ValueError: a requirement has no lower bound.
    """
    lowest: dict[tuple[str, str], str] = {}
    for requirement in _requirements(project, ["", *extras]):
        match = _REQUIREMENT.fullmatch(requirement)
        if match is None or match["lowest"] is None:
            raise ValueError(f"expected a lower bound, such as numpy>=1.26, found {requirement!r}")
        key = (match["name"], match["marker"] or "")
        lowest[key] = max(lowest.get(key, ""), match["lowest"], key=_parts)
    return [
        f"{name}=={version if '.' in version else version + '.0'}.*{marker}"
        for (name, marker), version in sorted(lowest.items())
    ]


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part]


def _requirements(project: Mapping[str, Sequence[str]], extras: Sequence[str]) -> Iterator[str]:
    for extra in extras:
        for requirement in project[extra]:
            match = _REQUIREMENT.fullmatch(requirement)
            if match is not None and match["name"] == "inkdigits":
                yield from _requirements(project, match["extras"].split(","))
            else:
                yield requirement


def main() -> None:
    """Print the lines for the extras that are named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("extras", nargs="*", help="extras of inkdigits, such as web")
    table = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]
    project = {"": table["dependencies"], **table["optional-dependencies"]}
    print("\n".join(lowest_versions(project, parser.parse_args().extras)))


if __name__ == "__main__":
    main()
