"""A bulk run of `read`: the numbers in each picture or page, one row each, as text that keeps its zeros."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL import Image

from inkdigits.bulk.job import Worker, columns_of_box, fingerprint, reason_of, unforeseen
from inkdigits.bulk.pictures import open_pictures
from inkdigits.bulk.sources import Chunk, Grain
from inkdigits.bulk.table import Counts, Row, TableFormat
from inkdigits.errors import ImageError
from inkdigits.files import temporary_beside
from inkdigits.pictures.documents import PDF_SUFFIX, document_pages
from inkdigits.pictures.images import InputLimits, read_image
from inkdigits.reading.numbers.drawing import draw_reading
from inkdigits.reading.numbers.expectations import codes, codes_in_file
from inkdigits.reading.numbers.reader import NumberReader
from inkdigits.results import Number, Reading

__all__ = ["ReadJob"]

_COLUMNS = (
    *("path", "number", "line", "text", "digits", "confidence", "refused", "reason"),
    *("left", "top", "width", "height", "runner_up", "runner_up_confidence", "error"),
)

Source = Path | bytes | Image.Image | ImageError


@dataclass(frozen=True)
class ReadJob:
    """Read the numbers in each picture, and in each page of a document.

    Attributes:
        model: the path of an ONNX line model; None for the bundled one.
        one: as `NumberReader.read` takes it, and so `expect` and `check`.
        expect: a pattern.
        codes: the path of a file with the numbers that can occur.
        check: the name of a check digit.
        alternatives: as `NumberReader.read` takes it; the table names the first.
        max_error: as `NumberReader` takes it.
        second_reader: as `NumberReader` takes it.
        explain: a folder for a picture of each page that shows what was read where; None for none.
        table_format: what the rows are encoded as.
    """

    model: str | None
    one: bool
    expect: str | None
    codes: str | None
    check: str | None
    alternatives: int
    max_error: float | None
    second_reader: bool
    explain: str | None
    table_format: TableFormat

    reads: ClassVar[str] = "numbers"
    grain: ClassVar[Grain] = Grain(n_pictures=8, n_rows=64, also=(PDF_SUFFIX,))

    def worker(self) -> Worker:
        """As `Job` says."""
        return _ReadWorker(self)

    def settings(self) -> dict[str, object]:
        """What decides the table."""
        return {
            "verb": "read",
            "model": fingerprint(self.model),
            "one": self.one,
            "expect": self.expect,
            "codes": None if self.codes is None else fingerprint(self.codes),
            "check": self.check,
            "alternatives": self.alternatives,
            "max_error": self.max_error,
            "second_reader": self.second_reader,
            "table_format": self.table_format,
        }


class _ReadWorker:
    columns = _COLUMNS

    def __init__(self, job: ReadJob) -> None:
        self._job = job
        self._reader = NumberReader(job.model, max_error=job.max_error, second_reader=job.second_reader)
        self._expected = None if job.codes is None else codes(codes_in_file(Path(job.codes)))

    def rows(self, chunk: Chunk) -> tuple[list[Row], Counts]:
        """The rows of a chunk, in its order."""
        rows: list[Row] = []
        for name, picture in open_pictures(chunk):
            pages = document_pages(picture) if isinstance(picture, Path) else [(name, picture)]
            for page in pages:
                rows += self._rows_of_page(*page)
        errors = sum(row["error"] is not None for row in rows)
        refused = sum(bool(row["refused"]) for row in rows)
        return rows, Counts(len(rows) - errors - refused, refused, errors, len(chunk))

    def row_of_error(self, name: str, error: ImageError) -> Row:
        """As `Worker` says."""
        return dict.fromkeys(_COLUMNS) | {"path": name, "error": reason_of(error)}

    def _rows_of_page(self, name: str, source: Source) -> list[Row]:
        try:
            reading = self._read(name, source)
        except ImageError as error:
            return [self.row_of_error(name, error)]
        except Exception as error:  # a million others must not wait for it
            return [self.row_of_error(name, unforeseen(error))]
        if not reading.numbers:
            return [dict.fromkeys(_COLUMNS) | {"path": name, "refused": True, "reason": "blank"}]
        return [_row(name, place, number) for place, number in enumerate(reading.numbers)]

    def _read(self, name: str, source: Source) -> Reading:
        if isinstance(source, ImageError):
            raise source
        job, page = self._job, read_image(source, InputLimits())
        reading = self._reader.read(
            page,
            one=job.one,
            expect=job.expect,
            codes=self._expected,
            check=job.check,
            alternatives=job.alternatives,
        )
        if job.explain is not None:
            shown = Path(job.explain) / (name.strip("/").replace("/", "_") + ".read.png")
            with temporary_beside(shown) as temporary:
                draw_reading(page, reading).save(temporary)
        return reading


def _row(name: str, place: int, number: Number) -> Row:
    row: Row = dict.fromkeys(_COLUMNS) | {
        "path": name,
        "number": place,
        "line": number.line,
        "text": number.text,
        "digits": number.digits,
        "confidence": round(number.confidence, 4),
        "refused": number.refused,
        "reason": None if number.reason is None else str(number.reason),
    }
    row |= columns_of_box(number.box)
    for runner_up in number.alternatives[:1]:
        row |= {"runner_up": runner_up.text, "runner_up_confidence": round(runner_up.confidence, 4)}
    return row
