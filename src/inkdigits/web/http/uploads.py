"""The pictures in a form, as browsers and curl -F send them (multipart/form-data, RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from inkdigits.web.http.problems import Problem

__all__ = ["Upload", "read_form"]


@dataclass(frozen=True)
class Upload:
    """A file in a form: its name, as the client calls it, and its bytes."""

    name: str
    content: bytes


def read_form(body: bytes, content_type: str, max_parts: int) -> list[Upload]:
    """Take a form apart; parts that are no files are left out.

    Raises:
        Problem: 400 for what is no form or holds no file, 413 for more than `max_parts` parts.
    """
    _, options = parse_options_header(content_type)
    if not options.get(b"boundary"):
        raise Problem(400, "Expected a boundary in the Content-Type of the form, found none.")
    parts = _Parts(max_parts)
    try:
        parser = MultipartParser(options[b"boundary"], parts.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Problem(400, f"Expected a whole form, found a broken one ({error}).") from None
    if not parts.ended:
        raise Problem(400, "Expected a whole form, found one that is cut short.")
    if not parts.uploads:
        raise Problem(400, "Expected at least one file in the form, found none.")
    return parts.uploads


class _Parts:
    """What the parser calls back."""

    def __init__(self, max_parts: int) -> None:
        self.uploads: list[Upload] = []
        self.ended = False
        self._max_parts = max_parts
        self._n_parts = 0
        self._field = self._value = b""
        self._name: str | None = None
        self._content = bytearray()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._n_parts += 1
        if self._n_parts > self._max_parts:
            raise Problem(413, f"Expected at most {self._max_parts} parts in the form, found more.")
        self._name, self._content = None, bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            if b"filename" in options:
                self._name = options[b"filename"].decode("utf-8", "replace")
        self._field = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._name is not None:
            self._content += data[start:end]

    def _end_part(self) -> None:
        if self._name is not None:
            self.uploads.append(Upload(self._name, bytes(self._content)))

    def _end(self) -> None:
        self.ended = True
