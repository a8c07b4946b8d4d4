"""Which datasets a recipe trains on, and how much each of them counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from inkdigits.config import require
from inkdigits.files import expand_home

__all__ = ["DataSource", "merged"]

_WEIGHTED = re.compile(r"(.+):(\d+)", re.DOTALL)


@dataclass(frozen=True)
class DataSource:
    """A dataset with its weight.

    Attributes:
        name: a known name, or the path of a file or folder.
        times: how often each of its training images counts in an epoch.
    """

    name: str
    times: int = 1

    def __post_init__(self) -> None:
        """Check the range."""
        require(self.times >= 1, f"data: {self.name}", expected="1 time or more", found=self.times)
        is_text = not any("\ud800" <= char <= "\udfff" for char in self.name)
        require(is_text, "data", expected="a name in UTF-8, which a recipe can hold", found=self.name)

    def __str__(self) -> str:
        """The short form that tables and model files show, such as `4*usps`."""
        return self.name if self.times == 1 else f"{self.times}*{self.name}"

    @classmethod
    def parse(cls, text: str) -> DataSource:
        """Read `NAME_OR_PATH` or `NAME_OR_PATH:TIMES`; a path that exists as it stands is a path."""
        weighted = _WEIGHTED.fullmatch(text)
        if weighted is None or expand_home(text).exists():
            return cls(text)
        return cls(weighted[1], int(weighted[2]))


def merged(data: Iterable[str | DataSource]) -> tuple[str | DataSource, ...]:
    """Each dataset once, by its plain name if it counts once; a name given twice counts twice."""
    times: Counter[str] = Counter()
    for one in data:
        source = DataSource(one) if isinstance(one, str) else one
        times[source.name] += source.times
    return tuple(name if n == 1 else DataSource(name, n) for name, n in times.items())
