"""POST /v1/corrections: a picture that was read wrong, and what it shows."""
# Without postponed annotations: the description of `label` names the classes of the model.

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from inkdigits.errors import ConfigError, ImageError
from inkdigits.web.corrections import CorrectionsFull, CorrectionStore
from inkdigits.web.engine import Engine
from inkdigits.web.http.answers import Answer
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.mistakes import mistake_in
from inkdigits.web.http.problems import Problem, problems
from inkdigits.web.http.routing import PICTURES, body_of, new_router

__all__ = ["CorrectionAnswer", "correct_routes"]


class CorrectionAnswer(Answer):
    """What was stored: the label, and the number of pictures that the folder holds now."""

    label: str
    stored: int


def correct_routes(engine: Engine, store: CorrectionStore | None) -> list[BaseRoute]:
    """The route; it answers 404 without a store."""
    router = new_router()

    @router.post(
        "/v1/corrections",
        summary="Say what a picture shows that was read wrong. It is kept to learn from.",
        status_code=201,
        response_model=CorrectionAnswer,
        responses=problems(404, 422, 507, has_body=True),
        openapi_extra=body_of(PICTURES),
    )
    async def correct(
        request: Request, label: Annotated[str, Query(json_schema_extra={"enum": list(engine.class_names)})]
    ) -> Response:
        if store is None:
            raise Problem(
                404, "No corrections are kept here. Start the service with --corrections DIR to keep them."
            )
        check_type(request, "image/*", "application/octet-stream")
        picture = await read_body(request)
        with engine.admit(request):
            try:
                n_stored = await engine.run(store.add, picture, label)
            except ConfigError as error:
                raise Problem(422, str(error)) from None
            except ImageError as error:
                raise Problem(422, mistake_in(picture) or str(error)) from None
            except CorrectionsFull as error:
                raise Problem(507, f"expected {error.expected}, found {error.found}.") from None
        return CorrectionAnswer(label=label, stored=n_stored).response(201)

    return router.routes
