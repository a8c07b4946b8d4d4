"""POST /v1/read: the whole numbers in one picture or document as the body, or in several as a form."""
# Without postponed annotations: the description of `check` names the check digits that there are.

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from inkdigits.errors import ConfigError, ImageError
from inkdigits.reading.numbers.expectations import CHECKS
from inkdigits.web.engine import Engine
from inkdigits.web.http.answers import Answer
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.mistakes import mistake_in
from inkdigits.web.http.problems import Problem, problems
from inkdigits.web.http.routing import BYTES, PICTURES, body_of, new_router
from inkdigits.web.http.uploads import read_form
from inkdigits.web.number_engine import NumberEngine, NumberRequest, PageReading
from inkdigits.web.routes.forms import FORM, NamedPicture, UnreadPicture, form_of, reason_of, unread
from inkdigits.web.settings import ServiceSettings

__all__ = ["FormReading", "ReadingAnswer", "read_routes"]

_LONGEST_PATTERN = 200  # characters
_PDF = "application/pdf"

Share = Annotated[float, Field(ge=0, le=1)]
Sides = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="Left, top, width and height in the upright picture."),
]
_EXAMPLE: dict[str, Any] = {
    "text": "18.014",
    "digits": "18014",
    "confidence": 0.97,
    "refused": False,
    "reason": None,
    "box": [31, 22, 160, 48],
    "line": 0,
    "characters": [{"text": "1", "confidence": 0.99, "box": [31, 24, 12, 44]}],
    "alternatives": [{"text": "78.014", "confidence": 0.02}],
}


class CharacterAnswer(Answer):
    """One character of a number."""

    text: str
    confidence: Share
    box: Sides


class AlternativeAnswer(Answer):
    """Another number that the same ink may be."""

    text: str
    confidence: Share


class NumberAnswer(Answer):
    """One number in a picture; `Number` of the Python package says what each member means."""

    text: str = Field(description="As written, with separators; empty where it is refused.")
    digits: str
    confidence: Share
    refused: bool
    reason: Literal["blank", "no_number", "unclear", "no_match"] | None
    box: Sides | None
    line: int = Field(ge=0)
    characters: list[CharacterAnswer]
    alternatives: list[AlternativeAnswer]
    page: int = Field(default=1, ge=1, description="Of a document of several pages; else left out.")


class UnreadPage(Answer):
    """Why one page of a document cannot be read."""

    page: int = Field(ge=1)
    error: str


class ReadingAnswer(Answer):
    """The numbers in a picture, in reading order; what `inkdigits read --json` prints.

    Those of a document follow each other page by page.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "18.014", "numbers": [_EXAMPLE]}]})

    text: str = Field(
        description="All: a space within a line, a line feed between lines, a form feed between pages."
    )
    numbers: list[NumberAnswer]
    unread: list[UnreadPage] = Field(
        default_factory=list, description="Pages of a document that cannot be read, where there are any."
    )


class NamedReading(ReadingAnswer, NamedPicture):
    """The numbers in one picture of a form."""

    model_config = ConfigDict(json_schema_extra={})  # without the example of a picture that has no path


class FormReading(Answer):
    """One answer for each file of a form, in order."""

    readings: list[NamedReading | UnreadPicture]


def read_routes(engine: Engine, numbers: NumberEngine, settings: ServiceSettings) -> list[BaseRoute]:
    """The route, which reads at most `max_parts` pictures of a form.

    Args:
        engine: admits requests, as for digits.
        numbers: reads them.
        settings: the limits.
    """
    router = new_router()

    @router.post(
        "/v1/read",
        summary="Read the whole numbers in a picture or document, or in each of several.",
        description=f"At most {settings.max_bytes} bytes, and {settings.max_pixels} pixels a page. "
        "All pages of a TIFF are read, and those of a PDF where the extra `pdf` is installed: at most "
        f"{settings.max_parts}.",
        response_model=ReadingAnswer | FormReading,
        response_description="What was read.",
        responses=problems(422, has_body=True),
        openapi_extra=body_of({**PICTURES, _PDF: BYTES, FORM: form_of(settings.max_parts)}),
    )
    async def read(
        request: Request,
        one: Annotated[
            Literal["true", "false"],
            Query(description="The picture is a field that holds one number, in its middle."),
        ] = "false",
        expect: Annotated[
            str | None,
            Query(max_length=_LONGEST_PATTERN, description=r"What a number has to match, such as `\d{5}`."),
        ] = None,
        check: Annotated[
            str | None,
            Query(description="A check digit to be right.", json_schema_extra={"enum": list(CHECKS)}),
        ] = None,
        max_error: Annotated[
            float | None,
            Query(gt=0, lt=1, description="The share of errors that is allowed among what is read."),
        ] = None,
    ) -> Response:
        kind = check_type(request, "image/*", "application/octet-stream", _PDF, FORM)
        body = await read_body(request)
        asked = NumberRequest(one=one == "true", expect=expect, check=check, max_error=max_error)
        with engine.admit(request):
            try:
                if kind != FORM:
                    (pages,) = await numbers.read([body], asked)
                    answer = _together(pages)
                    if isinstance(answer, ImageError):
                        raise Problem(422, mistake_in(body) or str(answer))
                    return ReadingAnswer.model_validate(answer).response()
                uploads = await engine.run(
                    read_form, body, request.headers["content-type"], settings.max_parts
                )
                readings = await numbers.read([upload.content for upload in uploads], asked)
            except ConfigError as error:
                raise Problem(400, str(error)) from None
        named = zip(uploads, readings, strict=True)
        return FormReading(readings=[_named(upload.name, reading) for upload, reading in named]).response()

    return router.routes


def _named(name: str, pages: Sequence[PageReading]) -> NamedReading | UnreadPicture:
    answer = _together(pages)
    if isinstance(answer, ImageError):
        return unread(name, answer)
    return NamedReading.model_validate({"path": name, **answer})


def _together(pages: Sequence[PageReading]) -> dict[str, Any] | ImageError:
    """The answer for a picture or a document; the error of its first page where no page can be read."""
    errors = [(page.number, page.reading) for page in pages if isinstance(page.reading, ImageError)]
    read = [(page.number, page.reading) for page in pages if not isinstance(page.reading, ImageError)]
    if not read:
        return errors[0][1]
    numbers = [
        number.to_json() | ({} if page is None else {"page": page})
        for page, reading in read
        for number in reading.numbers
    ]
    answer = {"text": "\f".join(reading.text for _, reading in read), "numbers": numbers}
    if errors:
        answer["unread"] = [{"page": page, "error": reason_of(error)} for page, error in errors]
    return answer
