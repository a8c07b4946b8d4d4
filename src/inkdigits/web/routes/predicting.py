"""POST /v1/predict: one picture as the body, or several as a form."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

import cv2
from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from inkdigits.errors import ImageError
from inkdigits.results import Reason
from inkdigits.web.engine import Engine, Reading
from inkdigits.web.http.answers import Answer
from inkdigits.web.http.bodies import check_type, read_body
from inkdigits.web.http.mistakes import mistake_in
from inkdigits.web.http.problems import Problem, problems
from inkdigits.web.http.routing import PICTURES, body_of, new_router
from inkdigits.web.http.uploads import read_form
from inkdigits.web.routes.forms import FORM, NamedPicture, UnreadPicture, form_of, unread
from inkdigits.web.settings import ServiceSettings

__all__ = ["FormAnswer", "PredictionAnswer", "predict_routes"]

Share = Annotated[float, Field(ge=0, le=1)]


class Seen(Answer):
    """What the model saw."""

    ink: str = Field(description="A PNG of 28x28 as a data URL, ink white on black.")
    width: int = Field(description="Of the page that `box` is measured on, in pixels.")
    height: int


class PredictionAnswer(Answer):
    """What was read in a picture; `Prediction` of the Python package says what each member means."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "digit": 7,
                    "confidence": 0.9991,
                    "probabilities": [0.0, 0.0001, 0.0, 0.0, 0.0, 0.0, 0.0, 0.9991, 0.0, 0.0008],
                    "refused": False,
                    "reason": None,
                    "box": [66, 44, 88, 132],
                }
            ]
        }
    )

    digit: Annotated[int, Field(ge=0, le=9)] | None
    label: str = Field("", description="The class, where the model knows others than digits.")
    confidence: Share
    probabilities: list[Share]
    refused: bool
    reason: Reason | None
    box: Annotated[list[int], Field(min_length=4, max_length=4)] | None = Field(
        description="Left, top, width and height of the ink, in pixels of the upright picture."
    )
    seen: Seen | None = Field(None, description="Only with `explain=true`.")


class NamedPrediction(PredictionAnswer, NamedPicture):
    """What was read in one picture of a form."""

    model_config = ConfigDict(json_schema_extra={})  # without the example of a picture that has no path


class FormAnswer(Answer):
    """One answer for each file of a form, in order."""

    predictions: list[NamedPrediction | UnreadPicture]


def predict_routes(engine: Engine, settings: ServiceSettings) -> list[BaseRoute]:
    """The route, which reads at most `max_parts` pictures of a form."""
    router = new_router()

    @router.post(
        "/v1/predict",
        summary="Read the digit in a picture, or in each of several.",
        description=f"At most {settings.max_bytes} bytes, and {settings.max_pixels} pixels a picture.",
        response_model=PredictionAnswer | FormAnswer,
        response_description="What was read.",
        responses=problems(422, has_body=True),
        openapi_extra=body_of({**PICTURES, FORM: form_of(settings.max_parts)}),
    )
    async def predict(request: Request, explain: Literal["true", "false"] = "false") -> Response:
        kind = check_type(request, "image/*", "application/octet-stream", FORM)
        body = await read_body(request)
        with engine.admit(request):
            if kind != FORM:
                (reading,) = await engine.read([body])
                if isinstance(reading, ImageError):
                    raise Problem(422, mistake_in(body) or str(reading))
                return PredictionAnswer(**_members(reading, explain)).response()
            uploads = await engine.run(read_form, body, request.headers["content-type"], settings.max_parts)
            readings = await engine.read([upload.content for upload in uploads])
        named = zip(uploads, readings, strict=True)
        return FormAnswer(
            predictions=[_named(upload.name, reading, explain) for upload, reading in named]
        ).response()

    return router.routes


def _named(name: str, reading: Reading | ImageError, explain: str) -> NamedPrediction | UnreadPicture:
    if isinstance(reading, ImageError):
        return unread(name, reading)
    return NamedPrediction(path=name, **_members(reading, explain))


def _members(reading: Reading, explain: str) -> dict[str, Any]:
    members = reading.prediction.to_json()
    if explain == "true":
        _, png = cv2.imencode(".png", reading.ink)
        width, height = reading.page_size
        ink = "data:image/png;base64," + base64.b64encode(png.tobytes()).decode()
        members["seen"] = Seen(ink=ink, width=width, height=height)
    return members
