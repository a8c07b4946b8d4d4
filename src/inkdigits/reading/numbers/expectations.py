r"""What a number is expected to look like, as an automaton that the beam search walks along.

    pattern(r"\d{5}")          a subset of regular expressions (`inkdigits.reading.numbers.patterns`)
    codes(["10115", "80331"])  a list: postcodes, pupils
    checked("luhn")            digits whose check digit is right
    both(pattern(...), ...)    all of them at once

An automaton has a state, a step for each character, and final states. It looks at the answer's digits and at
its separators where a pattern or a code names some; one that names none lets any stand on the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inkdigits.errors import ConfigError
from inkdigits.files import read_regular
from inkdigits.layout.line import MARKS

__all__ = ["CHECKS", "Expectation", "State", "both", "checked", "codes", "codes_in_file"]

State = object
"""Where an automaton is; None where nothing can match any more."""

_DIGITS = "0123456789"
_MOST_CODES_BYTES = 100_000_000


class Expectation(Protocol):
    """An automaton over the characters of a number."""

    @property
    def start(self) -> State:
        """The state before the first character."""

    def step(self, state: State, char: str) -> State | None:
        """The state after a character; None where nothing that begins so is expected."""

    def accepts(self, state: State) -> bool:
        """Whether a number may end here."""


# Codes: a tree of characters.


@dataclass(frozen=True, eq=False)
class _Codes:
    """A tree of characters; a state is where in it we are, and the key "" is where a code may end."""

    start: dict[str, object]
    only_digits: bool

    def step(self, state: State, char: str) -> State | None:
        if self.only_digits and char not in _DIGITS:
            return state
        assert isinstance(state, dict)
        following: State | None = state.get(char)
        return following

    def accepts(self, state: State) -> bool:
        assert isinstance(state, dict)
        return "" in state


def codes_in_file(path: Path) -> list[str]:
    """The codes in a text file, one per line.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return read_regular(path, _MOST_CODES_BYTES).decode("utf-8-sig").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"--codes {path}",
            expected="a text file with one number a line",
            found=getattr(error, "strerror", None) or str(error),
            remedy="Check the path and write the file in UTF-8.",
        ) from error


def codes(values: Iterable[str]) -> Expectation:
    """Only these numbers; separators that none of them has are left out of account.

    Raises:
        ConfigError: there is none, or one has characters that no number has.
    """
    tree: dict[str, object] = {}
    only_digits = True
    for value in values:
        text = value.strip()
        if not text:
            continue
        _require_marks(text, "codes")
        only_digits &= all(char in _DIGITS for char in text)
        node = tree
        for char in text:
            following = node.setdefault(char, {})
            assert isinstance(following, dict)
            node = following
        node[""] = True
    if not tree:
        raise ConfigError(
            "codes", expected="at least one code", found="none", remedy="Write one code per line."
        )
    return _Codes(tree, only_digits)


# Check digits: a fold over the digits.


@dataclass(frozen=True, eq=False)
class _Checked:
    following: Callable[[tuple[int, ...], int], tuple[int, ...]]
    is_right: Callable[[tuple[int, ...]], bool]
    start: State = (0, 0, 0)

    def step(self, state: State, char: str) -> State | None:
        if char not in _DIGITS:
            return state
        assert isinstance(state, tuple)
        return self.following(state, int(char))

    def accepts(self, state: State) -> bool:
        assert isinstance(state, tuple)
        return state[2] >= 2 and self.is_right(state)


def _luhn_step(state: tuple[int, ...], digit: int) -> tuple[int, ...]:
    """Two sums, since whether a digit counts double depends on how many follow: swapped at each step."""
    double = sum(divmod(2 * digit, 10))
    return ((state[1] + digit) % 10, (state[0] + double) % 10, min(state[2] + 1, 2))


def _mod11_step(state: tuple[int, ...], digit: int) -> tuple[int, ...]:
    """Weights 1, 2, 3 ... from the right: (sum of all digits, weighted sum)."""
    total = (state[0] + digit) % 11
    return (total, (state[1] + total) % 11, min(state[2] + 1, 2))


def _iso7064_step(state: tuple[int, ...], digit: int) -> tuple[int, ...]:
    """ISO 7064 MOD 11,10: the running product, and the remainder if this digit is the check digit."""
    product = state[0] or 10
    total = (product + digit) % 10
    return ((total or 10) * 2 % 11, total, min(state[2] + 1, 2))


def _mod97_step(state: tuple[int, ...], digit: int) -> tuple[int, ...]:
    return ((state[0] * 10 + digit) % 97, 0, min(state[2] + 1, 2))


CHECKS: dict[str, _Checked] = {
    "iso7064_mod11_10": _Checked(_iso7064_step, lambda state: state[1] == 1),
    "luhn": _Checked(_luhn_step, lambda state: state[0] == 0),
    "mod11": _Checked(_mod11_step, lambda state: state[1] == 0),
    "mod97": _Checked(_mod97_step, lambda state: state[0] == 1),
}
"""Check digits by name: Luhn (cards), weighted mod 11 (ISBN-10), ISO 7064 MOD 11,10 and MOD 97-10 (IBAN)."""


def checked(name: str) -> Expectation:
    """Numbers whose check digit, the last one or two, is right.

    Raises:
        ConfigError: there is no check of that name.
    """
    if name not in CHECKS:
        raise ConfigError(
            "check",
            expected="one of " + ", ".join(CHECKS),
            found=repr(name),
            remedy="Choose one of these.",
        )
    return CHECKS[name]


# Several at once.


@dataclass(frozen=True, eq=False)
class _Both:
    parts: Sequence[Expectation]

    @property
    def start(self) -> State:
        return tuple(part.start for part in self.parts)

    def step(self, state: State, char: str) -> State | None:
        assert isinstance(state, tuple)
        following = tuple(part.step(own, char) for part, own in zip(self.parts, state, strict=True))
        return None if any(part is None for part in following) else following

    def accepts(self, state: State) -> bool:
        assert isinstance(state, tuple)
        return all(part.accepts(own) for part, own in zip(self.parts, state, strict=True))


def both(*parts: Expectation) -> Expectation:
    """All of these at once."""
    return parts[0] if len(parts) == 1 else _Both(parts)


def _require_marks(text: str, setting: str) -> None:
    wrong = sorted(set(text) - set(MARKS))
    if wrong:
        raise ConfigError(
            setting,
            expected=f"characters of numbers, {''.join(MARKS)}",
            found=f"{''.join(wrong)!r} in {text!r}",
            remedy="Write only digits and separators.",
        )
