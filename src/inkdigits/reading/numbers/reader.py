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
from inkdigits.layout.cuts import Cut, cut_line, cuts_of_band
from inkdigits.layout.fields import find_field
from inkdigits.layout.groups import Group
from inkdigits.layout.pages import find_groups
from inkdigits.pictures.images import InputLimits, read_image
from inkdigits.reading.model_file import read_model
from inkdigits.reading.numbers.agreement import Asked, Joint, ask_about_field, ask_about_page
from inkdigits.reading.numbers.expectations import Expectation, both, checked, codes
from inkdigits.reading.numbers.hypotheses import Candidate, Verdict, digits_of, is_mostly_other, judge
from inkdigits.reading.numbers.line_model import LineModel, bundled_line_model
from inkdigits.reading.numbers.patterns import pattern
from inkdigits.reading.numbers.places import box_around, characters_of
from inkdigits.reading.numbers.second_reader import SecondReader
from inkdigits.reading.numbers.text_lines import TextLines
from inkdigits.reading.risk_control import RiskBound, threshold_for
from inkdigits.results import Alternative, Number, Reading

__all__ = ["NumberReader", "confidence_of"]

ImageSource = str | Path | bytes | PIL.Image.Image | NDArray[np.generic]

_SURE = 0.9  # of the first view alone: on half of two check sets, the other views then change no answer
_LEAST_CONFIDENCE = 0.25  # below, an answer is refused as unclear
_NO_MATCH = 0.5  # of the probability that the number is not what was expected
_LEAST_NUMBER_CONFIDENCE = 0.5  # on a page, where groups may be words, drawings and dirt

# Of two readers together; benchmarks/joint_confidence.py measures it on the odd rows of two check sets.
_JOINT_CALIBRATION = (1.073, 0.0, 1.446)

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
        self._second: SecondReader | None = None
        self._lines: TextLines | None = None
        if second_reader:
            self._second = SecondReader(n_threads=n_threads)
            self._lines = TextLines(n_threads=n_threads)
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
        verdict, frames = self._weigh(field.darkness, field.cuts, expectation, rule)
        joint = Joint(verdict)
        if self._second is not None:
            asked = Asked(field.band, verdict)
            joint = ask_about_field(self._second, field.darkness, asked, expectation, rule)
        inverse = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        least = self._least_confidence
        return self._decide(joint, frames, field.darkness, field.cuts[0], inverse, alternatives, 0, least)

    def _read_page(
        self, page: Grey, expectation: Expectation | None, rule: Rule | None, alternatives: int
    ) -> tuple[Number, ...]:
        upright = find_groups(page)
        if upright is None:
            return ()
        inverse, darkness = cv2.invertAffineTransform(upright.turn), upright.darkness
        least = max(self._least_confidence, _LEAST_NUMBER_CONFIDENCE)
        bands = [group.band for group in upright.groups]
        is_text = [True] * len(bands) if self._lines is None else self._lines.are_text(darkness, bands)
        cuts = [cuts_of_band(band) for band, is_kept in zip(bands, is_text, strict=True) if is_kept]
        weighed = [self._weigh(darkness, own_cuts, expectation, rule) for own_cuts in cuts]
        joint = [Joint(verdict) for verdict, _ in weighed]
        if self._second is not None:
            asked = [
                Asked(own_cuts[0].band, verdict) for own_cuts, (verdict, _) in zip(cuts, weighed, strict=True)
            ]
            joint = ask_about_page(self._second, darkness, asked, expectation, rule)
        every = zip(joint, weighed, cuts, strict=True)
        numbers = []
        for group, is_kept in zip(upright.groups, is_text, strict=True):
            if not is_kept:
                numbers.append(_no_number(inverse, group))
                continue
            said, (_, frames), own_cuts = next(every)
            numbers.append(
                self._decide(said, frames, darkness, own_cuts[0], inverse, alternatives, group.line, least)
            )
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

    def _decide(
        self,
        joint: Joint,
        frames: Frames,
        darkness: Plane,
        cut: Cut,
        inverse: NDArray[np.float64],
        alternatives: int,
        line: int,
        least: float,
    ) -> Number:
        verdict, band = joint.verdict, cut.band
        box = box_around(inverse, band.left, band.top, band.right, band.bottom)
        if verdict.unexpected > _NO_MATCH:
            return Number("", "", 0.0, True, "no_match", box, line)
        best = next(iter(verdict.candidates), None)
        if best is None or not digits_of(best.text) or is_mostly_other(best.written):
            return Number("", "", 0.0, True, "no_number", box, line)
        sure = self._confidence(best)
        if sure < least:
            others = self._alternatives(verdict.candidates[:alternatives], 1.0)
            return Number("", "", sure, True, "unclear", box, line, (), others, joint.readers)
        others = self._alternatives(verdict.candidates[1 : 1 + alternatives], 1 - sure)
        characters = characters_of(best, frames, darkness, cut, inverse)
        number = Number(best.text, digits_of(best.text), sure, False, None, box, line, characters, others)
        return replace(number, readers=joint.readers)

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


def _no_number(inverse: NDArray[np.float64], group: Group) -> Number:
    """A group outside of all lines of text."""
    band = group.band
    box = box_around(inverse, band.left, band.top, band.right, band.bottom)
    return Number("", "", 0.0, True, "no_number", box, group.line)


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
