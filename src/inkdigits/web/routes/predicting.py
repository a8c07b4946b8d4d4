"""POST /v1/predict: one picture as the body, or several as a form."""

from __future__ import annotations

import base64

import cv2
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inkdigits.errors import ImageError
from inkdigits.web.engine import Engine, Reading
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.problems import Problem
from inkdigits.web.http.uploads import read_form

__all__ = ["PredictEndpoint"]

_FORM = "multipart/form-data"
_FLAGS = {"true": True, "false": False}


class PredictEndpoint:
    """The route.

    Args:
        engine: reads the pictures.
        max_parts: of a form.
    """

    def __init__(self, engine: Engine, *, max_parts: int) -> None:
        self._engine = engine
        self._max_parts = max_parts

    async def predict(self, request: Request) -> Response:
        """Answer one request."""
        is_explained = _flag(request.query_params, "explain")
        kind = check_type(request, "image/*", "application/octet-stream", _FORM)
        body = await read_body(request)
        with self._engine.admit(request):
            if kind == _FORM:
                return await self._predict_form(body, request.headers["content-type"], is_explained)
            (reading,) = await self._engine.read([body])
        if isinstance(reading, ImageError):
            raise Problem(422, str(reading))
        return JSONResponse(_answer(reading, is_explained))

    async def _predict_form(self, body: bytes, content_type: str, is_explained: bool) -> Response:
        uploads = await self._engine.run(read_form, body, content_type, self._max_parts)
        readings = await self._engine.read([upload.content for upload in uploads])
        answers = [
            {"path": upload.name, **_answer_or_error(reading, is_explained)}
            for upload, reading in zip(uploads, readings, strict=True)
        ]
        return JSONResponse({"predictions": answers})


def _answer_or_error(reading: Reading | ImageError, is_explained: bool) -> dict[str, object]:
    if isinstance(reading, ImageError):
        return {"error": f"expected {reading.expected}, found {reading.found}. {reading.remedy}"}
    return _answer(reading, is_explained)


def _answer(reading: Reading, is_explained: bool) -> dict[str, object]:
    answer = reading.prediction.to_json()
    return answer | {"seen": _seen(reading)} if is_explained else answer


def _seen(reading: Reading) -> dict[str, object]:
    """The 28x28 ink as a picture, white on black, and the size of the page that it was found on."""
    _, png = cv2.imencode(".png", reading.ink)
    width, height = reading.page_size
    return {
        "ink": "data:image/png;base64," + base64.b64encode(png.tobytes()).decode(),
        "width": width,
        "height": height,
    }


def _flag(query: QueryParams, name: str) -> bool:
    value = query.get(name, "false")
    if value not in _FLAGS:
        raise Problem(400, f"{name}: expected true or false, found {value[:60]!r}.")
    return _FLAGS[value]
