"""A bulk run of `predict`: the digit in each picture, one row each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from inkdigits.bulk.job import Worker, columns_of_box, fingerprint, reason_of, unforeseen
from inkdigits.bulk.pictures import open_pictures
from inkdigits.bulk.sources import Chunk, Grain
from inkdigits.bulk.table import Counts, Row, TableFormat
from inkdigits.errors import ImageError
from inkdigits.reading.recognizer import Recognizer
from inkdigits.results import Prediction

__all__ = ["PredictJob"]


@dataclass(frozen=True)
class PredictJob:
    """Read the digit in each picture.

    Attributes:
        model: the path of an ONNX file; None for the bundled model.
        max_error: as `Recognizer` takes it.
        digits_accepted: as `Recognizer` takes it.
        table_format: what the rows are encoded as.
    """

    model: str | None
    max_error: float | None
    digits_accepted: float | None
    table_format: TableFormat

    reads: ClassVar[str] = "digits"
    grain: ClassVar[Grain] = Grain()

    def worker(self) -> Worker:
        """As `Job` says."""
        return _PredictWorker(self)

    def recognizer(self) -> Recognizer:
        """Open the model.

        Raises:
            ModelError: it cannot be used.
            ConfigError: it cannot do what the settings ask for.
        """
        return Recognizer(self.model, max_error=self.max_error, digits_accepted=self.digits_accepted)

    def settings(self) -> dict[str, object]:
        """What decides the table: for another run to be a continuation, these must be equal."""
        return {
            "verb": "predict",
            "model": fingerprint(self.model),
            "max_error": self.max_error,
            "digits_accepted": self.digits_accepted,
            "table_format": self.table_format,
        }


class _PredictWorker:
    def __init__(self, job: PredictJob) -> None:
        self.job = job
        self._recognizer = job.recognizer()
        self.columns = _columns_of(self._recognizer.class_names)

    def rows(self, chunk: Chunk) -> tuple[list[Row], Counts]:
        """The rows of a chunk, in its order."""
        answered = list(self._answers(list(open_pictures(chunk))))
        refused = sum(isinstance(answer, Prediction) and answer.refused for _, answer in answered)
        errors = sum(isinstance(answer, ImageError) for _, answer in answered)
        rows = [self._row(name, answer) for name, answer in answered]
        return rows, Counts(len(rows) - refused - errors, refused, errors, len(rows))

    def row_of_error(self, name: str, error: ImageError) -> Row:
        """As `Worker` says."""
        return self._row(name, error)

    def _row(self, name: str, answer: Prediction | ImageError) -> Row:
        return _json_row(name, answer) if self.job.table_format == "jsonl" else self._flat_row(name, answer)

    def _answers(
        self, pictures: Sequence[tuple[str, Path | bytes | ImageError]]
    ) -> Iterator[tuple[str, Prediction | ImageError]]:
        readable = [picture for _, picture in pictures if not isinstance(picture, ImageError)]
        try:
            answers = iter(list(self._recognizer.predict_many(readable, n_threads=1)))
        except Exception:  # one of them is poison; which one shows when each is read by itself
            answers = iter([self._read_alone(picture) for picture in readable])
        for name, picture in pictures:
            yield name, picture if isinstance(picture, ImageError) else next(answers)

    def _read_alone(self, picture: Path | bytes) -> Prediction | ImageError:
        try:
            return self._recognizer.predict(picture)
        except ImageError as error:
            return error
        except Exception as error:
            return unforeseen(error)

    def _flat_row(self, name: str, answer: Prediction | ImageError) -> Row:
        row: Row = dict.fromkeys(self.columns)
        row["path"] = name
        if isinstance(answer, ImageError):
            return row | {"error": reason_of(answer)}
        row |= {
            "digit": answer.digit,
            "label": answer.label,
            "confidence": round(answer.confidence, 4),
            "refused": answer.refused,
            "reason": None if answer.reason is None else str(answer.reason),
        }
        row |= columns_of_box(answer.box)
        shares = (round(share, 4) for share in answer.probabilities)
        return row | dict(zip(self.columns[-len(answer.probabilities) :], shares, strict=True))


def _columns_of(class_names: Sequence[str]) -> tuple[str, ...]:
    """The columns of a flat table; `p_7` is the probability of class 7."""
    fixed = (
        "path",
        "digit",
        "label",
        "confidence",
        "refused",
        "reason",
        "left",
        "top",
        "width",
        "height",
        "error",
    )
    return (*fixed, *(f"p_{name}" for name in class_names))


def _json_row(name: str, answer: Prediction | ImageError) -> Row:
    """A row as `predict --json` prints it."""
    return {
        "path": name,
        **({"error": reason_of(answer)} if isinstance(answer, ImageError) else answer.to_json()),
    }
