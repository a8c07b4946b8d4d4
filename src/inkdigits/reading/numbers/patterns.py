r"""Patterns of numbers: a subset of regular expressions, as an automaton.

Characters, `\d`, `.` for any character of a number, `[0-9,]`, `(...)`, `|`, and the repetitions `?`, `*`,
`+`, `{n}`, `{n,}` and `{n,m}`. A separator to be taken literally may be escaped, and `.` must be. The whole
number has to match. A pattern that names no separators lets any stand on the paper.

Source: Thompson, "Regular expression search algorithm", 1968: sets of places are the states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inkdigits.errors import ConfigError
from inkdigits.layout.line import MARKS
from inkdigits.reading.numbers.expectations import Expectation, State

__all__ = ["pattern"]

_DIGITS = frozenset("0123456789")
_MOST_REPEATS = 200
_MOST_PLACES = 2_000
_REPETITIONS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}


@dataclass(frozen=True)
class _Chars:
    chars: frozenset[str]


@dataclass(frozen=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True)
class _Either:
    parts: tuple[_Node, ...]


@dataclass(frozen=True)
class _Repeated:
    part: _Node
    least: int
    most: int | None


_Node = _Chars | _Sequence | _Either | _Repeated


def pattern(expression: str) -> Expectation:
    r"""Numbers that match an expression from end to end, such as `\d{5}` or `\d{1,3},\d{2}`.

    Raises:
        ConfigError: it is not of the documented subset.
    """
    parser, builder = _Parser(expression), _Builder(expression)
    try:
        tree = parser.alternatives()
        if parser.rest:
            raise parser.error(repr(parser.rest))
        end = builder.build(tree, 0)
    except RecursionError:
        raise _not_a_pattern(expression, "more brackets within brackets than can be followed") from None
    return _Pattern(dict(builder.moves), dict(builder.jumps), end, parser.names_separators)


@dataclass(frozen=True, eq=False)
class _Pattern:
    """Places, the characters that lead on from each, and the jumps that need none."""

    moves: dict[int, list[tuple[frozenset[str], int]]]
    jumps: dict[int, list[int]]
    end: int
    names_separators: bool
    # What `step` found: the beam's texts take the same few steps again and again.
    _known: dict[tuple[State, str], State | None] = field(default_factory=dict)

    @property
    def start(self) -> State:
        return self._closed({0})

    def step(self, state: State, char: str) -> State | None:
        if not self.names_separators and char not in _DIGITS:
            return state
        if (state, char) not in self._known:
            assert isinstance(state, frozenset)
            reached = {end for place in state for chars, end in self.moves.get(place, ()) if char in chars}
            self._known[state, char] = self._closed(reached) if reached else None
        return self._known[state, char]

    def accepts(self, state: State) -> bool:
        assert isinstance(state, frozenset)
        return self.end in state

    def _closed(self, places: set[int]) -> frozenset[int]:
        waiting, reached = list(places), set(places)
        while waiting:
            for end in self.jumps.get(waiting.pop(), ()):
                if end not in reached:
                    reached.add(end)
                    waiting.append(end)
        return frozenset(reached)


class _Builder:
    def __init__(self, expression: str) -> None:
        self.moves: defaultdict[int, list[tuple[frozenset[str], int]]] = defaultdict(list)
        self.jumps: defaultdict[int, list[int]] = defaultdict(list)
        self._expression = expression
        self._n_places = 1

    def build(self, node: _Node, start: int) -> int:
        """Add a node that begins at a place; returns where it ends."""
        if isinstance(node, _Chars):
            end = self._place()
            self.moves[start].append((node.chars, end))
            return end
        if isinstance(node, _Sequence):
            for part in node.parts:
                start = self.build(part, start)
            return start
        if isinstance(node, _Either):
            end = self._place()
            for part in node.parts:
                self.jumps[self.build(part, self._after(start))].append(end)
            return end
        return self._repeat(node, self._after(start))

    def _repeat(self, node: _Repeated, place: int) -> int:
        for _ in range(node.least):
            place = self.build(node.part, place)
        if node.most is None:
            loop = self._after(place)
            self.jumps[self.build(node.part, loop)].append(loop)
            return self._after(loop)
        end = self._after(place)
        for _ in range(node.most - node.least):
            place = self.build(node.part, place)
            self.jumps[place].append(end)
        return end

    def _after(self, start: int) -> int:
        place = self._place()
        self.jumps[start].append(place)
        return place

    def _place(self) -> int:
        self._n_places += 1
        if self._n_places > _MOST_PLACES:
            raise _not_a_pattern(self._expression, "more repetitions than can be followed")
        return self._n_places - 1


class _Parser:
    """Reads an expression from left to right; `rest` is what is still to be read."""

    def __init__(self, expression: str) -> None:
        self.rest = expression.removeprefix("^").removesuffix("$")
        self.names_separators = False
        self._expression = expression

    def error(self, found: str) -> ConfigError:
        return _not_a_pattern(self._expression, found)

    def alternatives(self) -> _Node:
        parts = [self._sequence()]
        while self.rest.startswith("|"):
            self.rest = self.rest[1:]
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else _Either(tuple(parts))

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self.rest and self.rest[0] not in "|)":
            parts.append(self._repetition(self._item()))
        return _Sequence(tuple(parts))

    def _repetition(self, part: _Node) -> _Node:
        sign, rest = self.rest[:1], self.rest[1:]
        if sign in _REPETITIONS:
            self.rest = rest
            return _Repeated(part, *_REPETITIONS[sign])
        if sign != "{":
            return part
        inside, closing, self.rest = rest.partition("}")
        low, comma, high = inside.partition(",")
        if not closing or not _is_count(low) or not (high == "" or _is_count(high)):
            raise self.error("{" + inside)
        least = int(low)
        most = least if not comma else int(high) if high else None
        if least > _MOST_REPEATS or (most is not None and not least <= most <= _MOST_REPEATS):
            raise self.error("{" + inside + "}")
        return _Repeated(part, least, most)

    def _item(self) -> _Node:
        char, self.rest = self.rest[0], self.rest[1:]
        if char == "(":
            self.rest = self.rest.removeprefix("?:")
            inside = self.alternatives()
            if not self.rest.startswith(")"):
                raise self.error("a ( without its )")
            self.rest = self.rest[1:]
            return inside
        if char == ".":
            return _Chars(frozenset(MARKS))
        chars = self._characters(char)
        self.names_separators |= not chars <= _DIGITS
        return _Chars(chars)

    def _characters(self, char: str) -> frozenset[str]:
        if char == "\\":
            char, self.rest = self.rest[:1], self.rest[1:]
            if char == "d":
                return _DIGITS
        elif char == "[":
            inside, closing, self.rest = self.rest.partition("]")
            chars = frozenset(_expanded(inside.replace(r"\d", "0-9").replace("\\", "")))
            if not closing or not chars or not chars <= set(MARKS):
                raise self.error(f"[{inside}{closing}")
            return chars
        if char not in MARKS:
            raise self.error(repr(char))
        return frozenset(char)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _expanded(inside: Sequence[str]) -> Iterator[str]:
    """The characters of a class such as 0-9,."""
    position = 0
    while position < len(inside):
        if inside[position + 1 : position + 2] == "-" and position + 2 < len(inside):
            first, last = ord(inside[position]), ord(inside[position + 2])
            yield from (chr(code) for code in range(first, min(last, first + 128) + 1))
            position += 3
        else:
            yield inside[position]
            position += 1


def _not_a_pattern(expression: str, found: str) -> ConfigError:
    shown = repr(expression[:200]).replace(r"\\", "\\")  # quoted, with backslashes as they were written
    return ConfigError(
        "expect",
        expected=r"characters of a number, \d, [0-9], (), | and the repetitions ? * + {n,m}",
        found=f"{found[:200]} in {shown}",
        remedy=r"Write a pattern such as \d{5} or \d{1,3}[.,]\d{2}.",
    )
