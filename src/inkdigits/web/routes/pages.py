"""The page's own files, from the package."""

from __future__ import annotations

import hashlib
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["interface_routes", "page_routes"]

_FOLDER = resources.files("inkdigits.web") / "page"
_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/paper.js": ("paper.js", "text/javascript"),
    "/answer.js": ("answer.js", "text/javascript"),
    "/numbers.js": ("numbers.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


def page_routes() -> list[Route]:
    """A route for each file, which is read once."""
    return [
        Route(path, _File((_FOLDER / name).read_bytes(), kind).answer)
        for path, (name, kind) in _FILES.items()
    ]


def interface_routes(page: str) -> list[Route]:
    """The routes of the page that describes the interface."""
    style = (_FOLDER / "interface.css").read_bytes()
    files = {"/docs": (page.encode(), "text/html"), "/interface.css": (style, "text/css")}
    return [Route(path, _File(content, kind).answer) for path, (content, kind) in files.items()]


class _File:
    def __init__(self, content: bytes, kind: str) -> None:
        self._content, self._kind = content, kind
        self._tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'

    async def answer(self, request: Request) -> Response:
        """The file, or 304 for who has it."""
        headers = {"etag": self._tag, "cache-control": "no-cache"}
        if self._tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self._content, headers=headers, media_type=self._kind)
