"""/v1/corrections: pictures that were read wrong, and what they show."""
# Without postponed annotations: the description of `label` names the classes of the model.

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from inkdigits.errors import ConfigError, ImageError
from inkdigits.results import Reading as NumbersRead
from inkdigits.web.corrections import NOT_A_DIGIT, Correction, CorrectionsFull, CorrectionStore
from inkdigits.web.engine import Engine, Reading
from inkdigits.web.http.answers import Answer
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.mistakes import mistake_in
from inkdigits.web.http.problems import Problem, problems
from inkdigits.web.http.routing import PICTURES, body_of, new_router
from inkdigits.web.number_engine import NumberEngine, NumberRequest

__all__ = ["CorrectionAnswer", "RemovalAnswer", "correct_routes"]


class CorrectionAnswer(Answer):
    """What became of a correction."""

    label: str
    stored: int = Field(description="The number of pictures that the folder holds now.")
    id: str | None = Field(description="To take it back; null where it was read right, and is not stored.")


class RemovalAnswer(Answer):
    """A correction was taken back."""

    stored: int = Field(description="The number of pictures that the folder holds now.")


def correct_routes(engine: Engine, numbers: NumberEngine, store: CorrectionStore | None) -> list[BaseRoute]:
    """The routes; they answer 404 without a store."""
    router = new_router()
    labels = list(dict.fromkeys([*engine.class_names, NOT_A_DIGIT]))

    async def keep(
        request: Request,
        label: str,
        was_right: Callable[[bytes], Awaitable[bool]],
        add: Callable[[CorrectionStore, bytes, str], Correction],
    ) -> Response:
        """Read the picture of the body again, and store it unless it was read right."""
        if store is None:
            raise _no_store()
        check_type(request, "image/*", "application/octet-stream")
        picture = await read_body(request)
        with engine.admit(request):
            if await was_right(picture):
                n_stored = await engine.run(store.count)
                return CorrectionAnswer(label=label, stored=n_stored, id=None).response()
            with _problems_of(picture):
                kept = await engine.run(add, store, picture, label)
        return CorrectionAnswer(label=label, stored=kept.n_stored, id=kept.id).response(201)

    # What both routes say of themselves alike.
    kept_route: dict[str, Any] = {
        "status_code": 201,
        "response_model": CorrectionAnswer,
        "responses": {
            200: {"model": CorrectionAnswer, "description": "It was read right, and is not stored."},
            **problems(404, 422, 507, has_body=True),
        },
        "openapi_extra": body_of(PICTURES),
    }

    @router.post(
        "/v1/corrections",
        summary="Say what a picture shows that was read wrong. It is kept to learn from.",
        **kept_route,
    )
    async def correct(
        request: Request, label: Annotated[str, Query(json_schema_extra={"enum": labels})]
    ) -> Response:
        async def was_right(picture: bytes) -> bool:
            (reading,) = await engine.read([picture])
            return isinstance(reading, Reading) and label == _label_of(reading)

        return await keep(request, label, was_right, CorrectionStore.add)

    @router.post(
        "/v1/corrections/numbers",
        summary="Say which number a picture shows that was read wrong. It is kept to learn from.",
        **kept_route,
    )
    async def correct_number(
        request: Request, text: Annotated[str, Query(description="The number as written, with separators.")]
    ) -> Response:
        async def was_right(picture: bytes) -> bool:
            (pages,) = await numbers.read([picture], NumberRequest(one=True))
            numbers_read = pages[0].reading
            return isinstance(numbers_read, NumbersRead) and bool(text) and text == numbers_read.text

        return await keep(request, text, was_right, CorrectionStore.add_number)

    @router.delete(
        "/v1/corrections/{correction_id}",
        summary="Take a correction back.",
        responses=problems(403, 404, 429),
    )
    async def remove_correction(request: Request, correction_id: str) -> RemovalAnswer:
        if store is None:
            raise _no_store()
        with engine.admit(request):
            if not await engine.run(store.remove, correction_id):
                raise Problem(404, f"Expected the id of a correction, found {correction_id[:60]!r}.")
            return RemovalAnswer(stored=await engine.run(store.count))

    return router.routes


@contextmanager
def _problems_of(picture: bytes) -> Iterator[None]:
    """What the store refuses, as problems."""
    try:
        yield
    except ConfigError as error:
        raise Problem(422, str(error)) from None
    except ImageError as error:
        raise Problem(422, mistake_in(picture) or str(error)) from None
    except CorrectionsFull as error:
        raise Problem(507, f"expected {error.expected}, found {error.found}.") from None


def _no_store() -> Problem:
    return Problem(
        404, "No corrections are kept here. Start the service with --corrections DIR to keep them."
    )


def _label_of(reading: Reading) -> str | None:
    """What a correction would say that agrees with what was read."""
    prediction = reading.prediction
    return NOT_A_DIGIT if prediction.reason == NOT_A_DIGIT else prediction.label
