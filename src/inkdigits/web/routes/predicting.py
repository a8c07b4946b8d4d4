"""POST /v1/predict: one picture as the body, or several as a form."""

from __future__ import annotations

import base64
import io

import PIL.Image
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inkdigits.errors import ImageError
from inkdigits.ink import to_bytes
from inkdigits.reading.recognizer import Examination
from inkdigits.results import Prediction
from inkdigits.web.engine import Engine
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.problems import Problem
from inkdigits.web.http.telemetry import Metrics
from inkdigits.web.http.uploads import read_form

__all__ = ["PredictEndpoint"]

_FORM = "multipart/form-data"
_FLAGS = {"true": True, "false": False}


class PredictEndpoint:
    """The route.

    Args:
        engine: reads the pictures.
        metrics: is told what came out.
        max_parts: of a form.
    """

    def __init__(self, engine: Engine, metrics: Metrics, *, max_parts: int) -> None:
        self._engine = engine
        self._metrics = metrics
        self._max_parts = max_parts

    async def predict(self, request: Request) -> Response:
        """Answer one request."""
        explains = _flag(request.query_params, "explain")
        kind = check_type(request, "image/*", "application/octet-stream", _FORM)
        body = await read_body(request)
        with self._engine.place(request):
            if kind == _FORM:
                return await self._predict_form(body, request.headers["content-type"], explains)
            try:
                return JSONResponse(await self._answer(body, explains))
            except ImageError as error:
                raise Problem(422, str(error)) from None

    async def _predict_form(self, body: bytes, content_type: str, explains: bool) -> Response:
        answers = []
        for upload in await self._engine.run(read_form, body, content_type, self._max_parts):
            try:
                answer = await self._answer(upload.content, explains)
            except ImageError as error:
                answer = {"error": f"expected {error.expected}, found {error.found}. {error.remedy}"}
            answers.append({"path": upload.name, **answer})
        return JSONResponse({"predictions": answers})

    async def _answer(self, picture: bytes, explains: bool) -> dict[str, object]:
        try:
            if explains:
                prediction, seen = await self._engine.run(self._examine, picture)
            else:
                prediction, seen = await self._engine.predict(picture), {}
        except ImageError:
            self._metrics.pictures.labels("unreadable").inc()
            raise
        self._metrics.pictures.labels(prediction.reason or "read").inc()
        return prediction.to_json() | seen

    def _examine(self, picture: bytes) -> tuple[Prediction, dict[str, object]]:
        examination = self._engine.recognizer.examine(picture)
        return examination.prediction, {"seen": _seen(examination)}


def _seen(examination: Examination) -> dict[str, object]:
    """The 28x28 ink as a picture, white on black, and the size of the page that it was found on."""
    height, width = examination.page.shape
    grey = to_bytes(examination.normalized.ink)
    buffer = io.BytesIO()
    PIL.Image.fromarray(grey).save(buffer, "PNG")
    ink = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"ink": ink, "width": width, "height": height}


def _flag(query: QueryParams, name: str) -> bool:
    value = query.get(name, "false")
    if value not in _FLAGS:
        raise Problem(400, f"{name}: expected true or false, found {value[:60]!r}.")
    return _FLAGS[value]
