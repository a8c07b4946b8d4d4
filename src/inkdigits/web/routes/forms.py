"""Several pictures in a form: how it is described, and what is said of a picture that cannot be read."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from inkdigits.errors import ImageError
from inkdigits.web.http.answers import Answer
from inkdigits.web.http.routing import BYTES

__all__ = ["FORM", "NamedPicture", "UnreadPicture", "form_of", "reason_of", "unread"]

FORM = "multipart/form-data"


class NamedPicture(Answer):
    """A picture of a form."""

    path: str = Field(description="The name that the form gives the file.")


class UnreadPicture(NamedPicture):
    """Why one picture of a form cannot be read."""

    error: str


def form_of(max_parts: int) -> dict[str, Any]:
    """What OpenAPI has for a form of at most so many pictures."""
    pictures = {"type": "array", "items": BYTES["schema"], "minItems": 1, "maxItems": max_parts}
    return {"schema": {"type": "object", "properties": {"pictures": pictures}, "required": ["pictures"]}}


def unread(name: str, error: ImageError) -> UnreadPicture:
    """The answer for a picture, by its name in the form."""
    return UnreadPicture(path=name, error=reason_of(error))


def reason_of(error: ImageError) -> str:
    """Why a picture cannot be read, without its name."""
    return f"expected {error.expected}, found {error.found}. {error.remedy}"
