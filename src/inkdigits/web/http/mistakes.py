"""What clients send by mistake in place of a picture, and how it is put right.

Only for bodies that could not be read as a picture: no readable picture is taken for a mistake.
"""

from __future__ import annotations

__all__ = ["mistake_in"]

_STRIPPED = b"\r\n\0"  # what `curl -d @FILE` leaves out
_LEAST_STRIPPED_BYTES = 500  # a shorter file may hold none of them


def mistake_in(body: bytes) -> str | None:
    """What an unreadable body is instead of a picture, and what to do; None where it tells nothing."""
    if body.startswith(b"--") and b"content-disposition: form-data" in body[:1_000].lower():
        return (
            "Expected a picture, found a form that is announced as something else. "
            "Let the client set the Content-Type, as curl -F does, or send the picture alone."
        )
    if body.startswith(b"@") and len(body) < _LEAST_STRIPPED_BYTES:
        return "Expected a picture, found the name of a file. Send the file itself: curl --data-binary @FILE."
    if len(body) >= _LEAST_STRIPPED_BYTES and not any(byte in body for byte in _STRIPPED):
        return (
            "Expected a picture, found one without its zeros and line ends, which curl -d leaves out. "
            "Send it with --data-binary @FILE."
        )
    return None
