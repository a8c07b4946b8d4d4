"""Request bodies: what type they are, and all of their bytes."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from inkdigits.web.http.problems import Problem

__all__ = ["check_type", "read_body"]

_ANY = "application/octet-stream"
_CURLS_OWN = "application/x-www-form-urlencoded"


def check_type(request: Request, *accepted: str) -> str:
    """The media type of the body; a body without one counts as octets.

    Args:
        request: what came.
        accepted: media types; `image/*` for all of that kind.

    Raises:
        Problem: 415 for another type, or a body that is encoded.
    """
    kind = request.headers.get("content-type", _ANY).partition(";")[0].strip().lower()
    if kind not in accepted and not ("image/*" in accepted and kind.startswith("image/")):
        remedy = "Set the Content-Type to what the body is"
        if kind == _CURLS_OWN:
            remedy += f": curl sets this one unless it is told -H 'Content-Type: {accepted[-1]}'"
        found = f"Expected a body of type {' or '.join(accepted)}, found {kind[:60]!r}."
        raise Problem(415, f"{found} {remedy}.")
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise Problem(
            415, f"Expected a body without Content-Encoding, found {encoding[:60]!r}. Send it as it is."
        )
    return kind


async def read_body(request: Request) -> bytes:
    """The whole body, within the limits that count it.

    Raises:
        Problem: as `inkdigits.web.http.limits` says.
        ClientDisconnect: the client went.
    """
    pieces = []
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
