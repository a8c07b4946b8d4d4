"""Patterns as Python's own regular expressions have them, codes, and check digits with known numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkdigits.errors import ConfigError
from inkdigits.reading.numbers.expectations import CHECKS, Expectation, both, checked, codes
from inkdigits.reading.numbers.patterns import pattern


def accepts(expectation: Expectation, text: str) -> bool:
    state: object | None = expectation.start
    for char in text:
        state = expectation.step(state, char)
        if state is None:
            return False
    return expectation.accepts(state)


PATTERNS = (
    r"\d{5}",
    r"\d{1,3}",
    r"\d{2,}",
    r"0\d*",
    r"(12|3)+4?",
    r"\d+,\d{2}",
    r"\d{1,3}(\.\d{3})*",
    r"[1-3]{2}|9",
    r"1?2?3?",
    r"(0|1|(23)*)5",
    r"\d{4}-\d{2}-\d{2}",
    r"[0-9,]{3}",
)


@pytest.mark.parametrize("expression", PATTERNS)
@given(text=st.text("0123459.,-", max_size=10))
def test_a_pattern_accepts_what_a_regular_expression_does(expression: str, text: str) -> None:
    characters = re.sub(r"\{.*?\}|\d-\d", "", expression)
    names_separators = re.search(r"[,-]|\\\.", characters)
    seen = text if names_separators else re.sub(r"\D", "", text)
    assert accepts(pattern(expression), text) == bool(re.fullmatch(expression, seen))


@pytest.mark.parametrize("expression", PATTERNS)
@given(data=st.data())
def test_what_a_regular_expression_makes_up_is_accepted(expression: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(re.compile(expression, re.ASCII), fullmatch=True))
    assert accepts(pattern(expression), text)


@pytest.mark.parametrize("wrong", ["(", "[", "[]", "a", r"\w", "1{2", "1{3,2}", "*", "1)", r"\d{999}"])
def test_what_is_no_pattern_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="expect") as caught:
        pattern(wrong)
    assert caught.value.found.endswith(f" in '{wrong}'")


def test_codes_are_the_only_numbers() -> None:
    expectation = codes(["10115", "80331", "01067", ""])
    assert accepts(expectation, "01067")
    assert accepts(expectation, "80-331")
    assert not accepts(expectation, "1011")
    assert not accepts(expectation, "99999")
    assert expectation.step(expectation.start, "7") is None


def test_codes_with_separators_name_them() -> None:
    expectation = codes(["12.5", "7"])
    assert accepts(expectation, "12.5")
    assert not accepts(expectation, "125")


@pytest.mark.parametrize("values", [[], ["", " "], ["12a"]])
def test_what_are_no_codes_is_refused(values: list[str]) -> None:
    with pytest.raises(ConfigError, match="codes"):
        codes(values)


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("luhn", "79927398713"),
        ("luhn", "4111111111111111"),
        ("mod11", "0306406152"),  # an ISBN-10
        ("iso7064_mod11_10", "794623"),
        ("iso7064_mod11_10", "36574261809"),  # a German tax number, as its office prints it
        ("mod97", "999912345678901208"),
    ],
)
def test_check_digits_of_known_numbers(name: str, right: str) -> None:
    expectation = checked(name)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    assert accepts(expectation, right)
    assert not accepts(expectation, wrong)


@pytest.mark.parametrize("name", sorted(CHECKS))
@given(number=st.integers(10**3, 10**9), place=st.integers(0, 3), more=st.integers(1, 9))
def test_one_wrong_digit_is_always_found(name: str, number: int, place: int, more: int) -> None:
    text = str(number)
    if not accepts(checked(name), text):
        return
    changed = text[:place] + str((int(text[place]) + more) % 10) + text[place + 1 :]
    assert not accepts(checked(name), changed)


def test_both_hold_at_once() -> None:
    expectation = both(pattern(r"\d{11}"), checked("luhn"))
    assert accepts(expectation, "79927398713")
    assert not accepts(expectation, "4111111111111111")
    assert not accepts(expectation, "79927398710")


def test_a_check_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="luhn"):
        checked("sum")
