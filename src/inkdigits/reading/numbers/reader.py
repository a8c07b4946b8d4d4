"""Picture in, numbers out.

    reader = NumberReader()
    reader.read("amount.png", one=True).text
    reader.read("page.jpg").numbers

It joins the parts: `pictures` decodes, `layout` finds the numbers, the line model reads them, `hypotheses`
weighs what they may say. What is refused, and how sure an answer is, is decided here.

Letters: T frames, C outputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from inkdigits.errors import ConfigError
from inkdigits.ink import Grey, Plane
from inkdigits.layout.cuts import Band, Cut, cut_line, cuts_of_band, line_map
from inkdigits.layout.fields import find_field
from inkdigits.layout.line import FRAME_PX, LINE_HEIGHT, OTHER_MARK
from inkdigits.layout.pages import find_groups
from inkdigits.pictures.images import InputLimits, read_image
from inkdigits.reading.model_file import read_model
from inkdigits.reading.numbers.beam import align
from inkdigits.reading.numbers.expectations import Expectation, both, checked, codes
from inkdigits.reading.numbers.hypotheses import Candidate, Verdict, digits_of, judge, pooled
from inkdigits.reading.numbers.line_model import OUTPUTS, LineModel, bundled_line_model
from inkdigits.reading.numbers.patterns import pattern
from inkdigits.reading.risk_control import RiskBound, threshold_for
from inkdigits.results import Alternative, Box, Character, Number, Reading

__all__ = ["NumberReader", "confidence_of"]

ImageSource = str | Path | bytes | PIL.Image.Image | NDArray[np.generic]

_SURE = 0.995  # of the first view alone: the other views would not change the answer
_LEAST_CONFIDENCE = 0.25  # below, an answer is refused as unclear
_NO_MATCH = 0.5  # of the probability that the number is not what was expected
_LEAST_NUMBER_CONFIDENCE = 0.5  # on a page, where groups may be words, drawings and dirt

# Of two readers together; benchmarks/joint_confidence.py measures them on the odd rows of two check sets.
_OWN_WEIGHT = 0.5
_JOINT_CALIBRATION = (1.313, 0.0, 1.463)

Frames = NDArray[np.float32]
Rule = Callable[[str], bool]


class NumberReader:
    """Reads whole numbers. Safe to share between threads; one per process is enough; can be pickled.

    Args:
        model: the path or the bytes of an ONNX line model; None for the bundled one.
        limits: what pictures are accepted.
        n_threads: processor threads for one call of the model; 0 lets ONNX Runtime choose.
        max_error: the share of errors, 0 to 1, that is allowed among the numbers that are read; those that
            are not sure enough are refused as unclear. The promise holds for numbers like those that the
            model was calibrated on.
        second_reader: ask the recogniser of the package rapidocr as well, which the extra `pages` installs.
            What both read alike is surer, what they read differently is less sure, and words are left alone.

    Attributes:
        coverage: the share of numbers that is expected to be read under `max_error`; None without it.

    Raises:
        ModelError: the model cannot be used.
        ConfigError: the model cannot promise `max_error`, or nothing is promised with a second reader.
        MissingExtraError: a second reader is asked for, and rapidocr is not installed.
    """

    def __init__(
        self,
        model: str | Path | bytes | None = None,
        *,
        limits: InputLimits | None = None,
        n_threads: int = 1,
        max_error: float | None = None,
        second_reader: bool = False,
    ) -> None:
        if second_reader and max_error is not None:
            raise ConfigError(
                "max_error",
                expected="a bound on the errors of the line model alone",
                found="a second reader beside it",
                remedy="Leave one of the two out: the bound was measured without a second reader.",
            )
        self._bytes = _model_bytes(model)
        self._settings = {
            "limits": limits,
            "n_threads": n_threads,
            "max_error": max_error,
            "second_reader": second_reader,
        }
        self._limits = limits or InputLimits()
        self._model = LineModel(self._bytes, n_threads=n_threads)
        self._calibration = tuple(float(v) for v in self._model.metadata.get("calibration", (1.0, 0.0, 0.0)))
        self._second = None
        if second_reader:
            from inkdigits.reading.numbers.second_reader import SecondReader

            self._second = SecondReader(n_threads=n_threads)
            self._calibration = _JOINT_CALIBRATION
        self._least_confidence = _LEAST_CONFIDENCE
        self.coverage: float | None = None
        if max_error is not None:
            self._bound_errors(max_error)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self._bytes, self._settings)

    def with_max_error(self, max_error: float) -> NumberReader:
        """Another reader with this model, which stays in memory once; `max_error` is that of the class.

        Raises:
            ConfigError: the model cannot promise it.
        """
        stricter = object.__new__(NumberReader)
        stricter.__dict__ |= self.__dict__ | {"_settings": {**self._settings, "max_error": max_error}}
        stricter._bound_errors(max_error)
        return stricter

    def _bound_errors(self, max_error: float) -> None:
        bounds: list[RiskBound] = [tuple(row) for row in self._model.metadata.get("risk_bounds", [])]
        self._least_confidence, _, self.coverage = threshold_for(bounds, max_error)

    def read(
        self,
        source: ImageSource,
        *,
        one: bool = False,
        expect: str | Rule | None = None,
        codes: Iterable[str] | Expectation | None = None,
        check: str | None = None,
        alternatives: int = 3,
    ) -> Reading:
        r"""Read the numbers in one picture.

        Args:
            source: a path, the bytes of a file, a Pillow image, or an array: (H, W) grey, (H, W, 3) RGB or
                (H, W, 4) RGBA.
            one: the picture is a field that somebody cut out, and holds one number, the one in the middle.
            expect: what each number has to match: a pattern such as `\d{5}`
                (`inkdigits.reading.numbers.patterns`), or a function that says whether a number may be.
            codes: the only numbers that can occur; for many pictures and a long list, what
                `inkdigits.reading.numbers.expectations.codes` makes of it, once.
            check: the name of a check digit that has to be right: luhn, mod11, mod97, iso7064_mod11_10.
            alternatives: how many other numbers to name, at most.

        Raises:
            ImageError: the picture cannot be read.
            ConfigError: the expectation makes no sense.
        """
        expectation = _expectation(expect if isinstance(expect, str) else None, codes, check)
        rule = expect if callable(expect) else None
        page = read_image(source, self._limits)
        if one:
            return Reading((self._read_field(page, expectation, rule, alternatives),))
        return Reading(self._read_page(page, expectation, rule, alternatives))

    def weigh(self, page: Grey) -> Verdict | None:
        """What the number in the middle of a grey page (H, W) may be, uncalibrated; None without ink."""
        field = find_field(page)
        if not field.cuts:
            return None
        return self._weigh(field.darkness, field.cuts, None, None)[0]

    def _read_field(
        self, page: Grey, expectation: Expectation | None, rule: Rule | None, alternatives: int
    ) -> Number:
        field = find_field(page)
        if field.band is None:
            return Number("", "", 0.0, True, "blank", None)
        verdict, frames, readers = self._weigh_with_second(
            field.darkness, field.cuts, field.band, expectation, rule, one=True
        )
        inverse = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        number = self._decide(
            verdict, frames, field.darkness, field.cuts[0], inverse, alternatives, 0, self._least_confidence
        )
        return replace(number, readers=readers) if number.reason in (None, "unclear") else number

    def _read_page(
        self, page: Grey, expectation: Expectation | None, rule: Rule | None, alternatives: int
    ) -> tuple[Number, ...]:
        upright = find_groups(page)
        if upright is None:
            return ()
        inverse = cv2.invertAffineTransform(upright.turn)
        least = max(self._least_confidence, _LEAST_NUMBER_CONFIDENCE)
        numbers = []
        for group in upright.groups:
            cuts = cuts_of_band(group.band)
            verdict, frames, readers = self._weigh_with_second(
                upright.darkness, cuts, group.band, expectation, rule, one=False
            )
            number = self._decide(
                verdict, frames, upright.darkness, cuts[0], inverse, alternatives, group.line, least
            )
            read = number.reason in (None, "unclear")
            numbers.append(replace(number, readers=readers) if read else number)
        return tuple(numbers)

    def _weigh(
        self, darkness: Plane, cuts: Sequence[Cut], expectation: Expectation | None, rule: Rule | None
    ) -> tuple[Verdict, Frames]:
        """One cut, and where that is not sure, all."""
        (first,) = self._model.log_probabilities([cut_line(darkness, cuts[0])])
        verdict = judge([first], expectation, rule)
        if verdict.candidates and verdict.candidates[0].probability > _SURE:
            return verdict, first
        others = self._model.log_probabilities([cut_line(darkness, cut) for cut in cuts[1:]])
        return judge([first, *others], expectation, rule), first

    def _weigh_with_second(
        self,
        darkness: Plane,
        cuts: Sequence[Cut],
        band: Band,
        expectation: Expectation | None,
        rule: Rule | None,
        *,
        one: bool,
    ) -> tuple[Verdict, Frames, tuple[str, ...]]:
        """The verdict of all readers, the frames of the line model, and who reads it so."""
        own, frames = self._weigh(darkness, cuts, expectation, rule)
        if self._second is None:
            return own, frames, ()
        from inkdigits.reading.numbers.second_reader import masked

        views = self._second.views(darkness, band)
        if not one:
            seen = next(iter(judge(views[:1]).candidates), None)
            if seen is not None and _is_mostly_other(seen.written):
                return Verdict((seen,), 0.0), frames, ()
        other = judge([masked(view) for view in views], expectation, rule)
        both_say = pooled(own, other, _OWN_WEIGHT)
        said = digits_of(both_say.candidates[0].text) if both_say.candidates else ""
        names = tuple(
            name
            for name, verdict in (("inkdigits", own), ("rapidocr", other))
            if verdict.candidates and digits_of(verdict.candidates[0].text) == said
        )
        return both_say, frames, names

    def _decide(
        self,
        verdict: Verdict,
        frames: Frames,
        darkness: Plane,
        cut: Cut,
        inverse: NDArray[np.float64],
        alternatives: int,
        line: int,
        least: float,
    ) -> Number:
        band = cut.band
        box = _box(inverse, band.left, band.top, band.right, band.bottom)
        if verdict.unexpected > _NO_MATCH:
            return Number("", "", 0.0, True, "no_match", box, line)
        best = next(iter(verdict.candidates), None)
        if best is None or not digits_of(best.text) or _is_mostly_other(best.written):
            return Number("", "", 0.0, True, "no_number", box, line)
        sure = self._confidence(best)
        if sure < least:
            others = self._alternatives(verdict.candidates[:alternatives], 1.0)
            return Number("", "", sure, True, "unclear", box, line, (), others)
        others = self._alternatives(verdict.candidates[1 : 1 + alternatives], 1 - sure)
        characters = _characters(best, frames, darkness, cut, inverse)
        return Number(best.text, digits_of(best.text), sure, False, None, box, line, characters, others)

    def _alternatives(self, candidates: Sequence[Candidate], most: float) -> tuple[Alternative, ...]:
        """The numbers among some candidates; none is surer than `most`."""
        return tuple(
            Alternative(each.text, min(self._confidence(each), most))
            for each in candidates
            if digits_of(each.text)
        )

    def _confidence(self, candidate: Candidate) -> float:
        return confidence_of(candidate, self._calibration)


def confidence_of(candidate: Candidate, calibration: Sequence[float]) -> float:
    """The calibrated probability: a logistic function of the log-odds and of how well the frames fit."""
    slope, of_fit, offset = calibration
    p = min(max(candidate.probability, 1e-9), 1 - 1e-6)
    score = slope * math.log(p / (1 - p)) + of_fit * candidate.fit + offset
    return 1 / (1 + math.exp(-max(min(score, 40.0), -40.0)))


def _is_mostly_other(written: str) -> bool:
    """Whether letters and signs outnumber the digits, as in words that hold something like a digit."""
    return written.count(OTHER_MARK) >= max(len(digits_of(written)), 1)


def _characters(
    best: Candidate, frames: Frames, darkness: Plane, cut: Cut, inverse: NDArray[np.float64]
) -> tuple[Character, ...]:
    """Each character of the number with its own probability and box."""
    matrix, width = line_map(cut)
    line = cut_line(darkness, cut)
    back = cv2.invertAffineTransform(matrix)
    spans = align(frames, best.written)
    first = best.written.find(best.text)
    middles = [FRAME_PX * (start + end + 1) / 2 for start, end in spans]
    characters = []
    for number in range(first, first + len(best.text)):
        start, end = spans[number]
        middle = middles[number]
        left = (middles[number - 1] + middle) / 2 if number else middle - 0.5 * LINE_HEIGHT
        right = (
            (middle + middles[number + 1]) / 2 if number + 1 < len(middles) else middle + 0.5 * LINE_HEIGHT
        )
        sides = _tightened(line, max(left, 0.0), min(right, float(width)))
        corners = back @ np.array([[sides[0], sides[2]], [sides[1], sides[3]], [1.0, 1.0]])
        (x0, x1), (y0, y1) = corners
        code = OUTPUTS.index(best.written[number])
        sure = float(np.exp(frames[start : end + 1, code].max()))
        characters.append(Character(best.written[number], sure, _box(inverse, x0, y0, x1, y1)))
    return tuple(characters)


def _tightened(line: Plane, left: float, right: float) -> tuple[float, float, float, float]:
    """The columns from left to right without the paper at their ends, and the rows of their ink."""
    start, end = int(left), max(math.ceil(right), int(left) + 1)
    ink = line[:, start:end] > 0.5
    columns, rows = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    if not len(columns):
        return left, 0.0, right, float(LINE_HEIGHT)
    return start + float(columns[0]), float(rows[0]), start + float(columns[-1]) + 1, float(rows[-1]) + 1


def _box(inverse: NDArray[np.float64], left: float, top: float, right: float, bottom: float) -> Box:
    """The upright rectangle around a rectangle of the turned page, in pixels of the page as it came."""
    corners = np.array([[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]])
    xs, ys = inverse @ corners
    x, y = max(round(float(xs.min())), 0), max(round(float(ys.min())), 0)
    return Box(x, y, max(round(float(xs.max())) - x, 1), max(round(float(ys.max())) - y, 1))


def _expectation(
    expect: str | None, values: Iterable[str] | Expectation | None, check: str | None
) -> Expectation | None:
    parts: list[Expectation] = []
    if expect is not None:
        parts.append(pattern(expect))
    if values is not None:
        parts.append(codes(values) if isinstance(values, Iterable) else values)
    if check is not None:
        parts.append(checked(check))
    return both(*parts) if parts else None


def _model_bytes(model: str | Path | bytes | None) -> bytes:
    if model is None:
        return bundled_line_model()
    return model if isinstance(model, bytes) else read_model(model)


def _rebuild(model: bytes, settings: dict[str, Any]) -> NumberReader:
    return NumberReader(model, **settings)
