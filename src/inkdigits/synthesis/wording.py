"""What numbers say: postcodes, amounts, decimals, dates, times and telephone numbers, drawn at random.

Every digit is as likely as any other at every place, so that a network has nothing to learn by heart: only
amounts end in zeros more often, as they do. A network learns what its labels are like as readily as what they
look like, and reads the unlikely ones worse.
"""

from __future__ import annotations

import numpy as np

__all__ = ["END_MARKS", "SEPARATORS", "wording"]

SEPARATORS = ".,-'/:"
"""Characters that stand between digits."""

END_MARKS = ("-", ".-", "=", ".", "#", "--", ",-", ".=", "---", "-")
"""What people put behind an amount so that nobody adds a digit."""

_LENGTHS = np.arange(1, 13)
_LENGTH_SHARES = np.array([5, 12, 16, 17, 18, 12, 8, 5, 3, 2, 1, 1]) / 100


def wording(generator: np.random.Generator) -> str:
    """Draw one number."""
    kind = generator.random()
    if kind < 0.52:
        return _digits(int(generator.choice(_LENGTHS, p=_LENGTH_SHARES)), generator)
    if kind < 0.76:
        return _amount(generator)
    if kind < 0.88:
        return _decimal(generator)
    return _date_or_code(generator)


def _digits(n: int, generator: np.random.Generator) -> str:
    """Digits; one in ten repeats the one before it, which a decoder that merges repeats must learn."""
    digits = generator.integers(0, 10, n)
    for i in range(1, n):
        if generator.random() < 0.07:
            digits[i] = digits[i - 1]
    return "".join(map(str, digits))


def _amount(generator: np.random.Generator) -> str:
    """Thousands, grouped or not, half of them with zeros at the end, some with cents or an end mark."""
    n = int(generator.choice((3, 4, 5, 6, 7), p=(0.12, 0.28, 0.34, 0.2, 0.06)))
    digits = _digits(n, generator)
    if generator.random() < 0.3:
        n_zeros = int(generator.integers(1, min(n, 4)))
        digits = digits[: n - n_zeros] + "0" * n_zeros
    mark = str(generator.choice((".", ".", ".", ",", "'", "-", "", "")))
    head = (n - 1) % 3 + 1
    groups = [digits[:head], *(digits[i : i + 3] for i in range(head, n, 3))]
    text = mark.join(groups)
    if generator.random() < 0.1:
        text += ("," if mark == "." else ".") + _digits(2, generator)
    return text


def _decimal(generator: np.random.Generator) -> str:
    mark = str(generator.choice((".", ",", ",", ".", ".", ":")))
    whole = _digits(int(generator.integers(1, 4)), generator)
    return whole + mark + _digits(int(generator.choice((1, 1, 1, 2, 2, 3))), generator)


def _date_or_code(generator: np.random.Generator) -> str:
    mark = str(generator.choice(("/", "/", ".", "-", "-", ":", "'")))
    lengths = ((2, 2, 2), (1, 1, 2), (2, 2, 4), (1, 2, 2), (3, 4), (2, 2), (1, 2), (1, 1), (4, 1))
    return mark.join(_digits(n, generator) for n in lengths[generator.integers(len(lengths))])
