"""POST /v1/corrections: a picture that was read wrong, and what it shows."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inkdigits.errors import ConfigError, ImageError
from inkdigits.web.corrections import CorrectionsFull, CorrectionStore
from inkdigits.web.engine import Engine
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.problems import Problem

__all__ = ["CorrectEndpoint"]


class CorrectEndpoint:
    """The route.

    Args:
        engine: does the work, and knows the classes.
        store: keeps the pictures; None where corrections are off.
    """

    def __init__(self, engine: Engine, store: CorrectionStore | None) -> None:
        self._engine = engine
        self._store = store

    async def correct(self, request: Request) -> Response:
        """Answer one request."""
        if self._store is None:
            raise Problem(404, "No corrections are kept here; --corrections would turn that on.")
        check_type(request, "image/*", "application/octet-stream")
        label = request.query_params.get("label")
        if label is None:
            raise Problem(422, "label: expected what the picture shows, found nothing.")
        picture = await read_body(request)
        with self._engine.admit(request):
            try:
                n_stored = await self._engine.run(self._store.add, picture, label)
            except (ConfigError, ImageError) as error:
                raise Problem(422, str(error)) from None
            except CorrectionsFull as error:
                raise Problem(507, f"expected {error.expected}, found {error.found}.") from None
        return JSONResponse({"label": label, "stored": n_stored}, 201)
