"""Request ids, security headers, metrics, and a line in the log for each request; never pixels."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inkdigits.web.http.problems import problem_response

__all__ = ["JsonLines", "Metrics", "Telemetry", "TextLines", "logging_config"]

_LOG = logging.getLogger("inkdigits.web")
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_CLIENT_GONE = 499  # as nginx has it in its logs; never sent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_EVERY_ANSWER = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=()"),
)


class JsonLines(logging.Formatter):
    """Each record as one line of JSON, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class TextLines(logging.Formatter):
    """Each record as one line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it the traceback of a fault."""
        line = f"{self.formatTime(record, '%H:%M:%S')} "
        fields: dict[str, object] = getattr(record, "fields", {})
        if "route" in fields:
            line += "{method:4} {route} {status} {ms} ms, {id}".format_map(fields)
        else:
            line += " ".join([record.levelname.lower(), record.getMessage(), *map(str, fields.values())])
        return line if record.exc_info is None else f"{line}\n{self.formatException(record.exc_info)}"


_FORMATTERS = {"json": JsonLines, "text": TextLines}


def logging_config(log_format: str) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes.

    Args:
        log_format: `text`, `json`, or `auto` for text in a terminal and JSON elsewhere.
    """
    if log_format == "auto":
        log_format = "text" if sys.stderr.isatty() else "json"
    logger = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": _FORMATTERS[log_format]}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "loggers": {"inkdigits.web": logger, "uvicorn": logger},
    }


class Metrics:
    """What Prometheus is told; of all processes together where there are several."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = Counter(
            "inkdigits_requests", "Requests, by route and status.", ["route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "inkdigits_request_seconds",
            "From the head of a request to the end of its answer, by route.",
            ["route"],
            registry=registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.pictures = Counter(
            "inkdigits_pictures", "Pictures, by outcome: read, or why not.", ["outcome"], registry=registry
        )
        self.numbers = Counter(
            "inkdigits_numbers",
            "Whole numbers, by outcome: read, or why not.",
            ["outcome"],
            registry=registry,
        )
        self.waiting = Gauge(
            "inkdigits_waiting_requests",
            "Requests that are worked on or wait for it.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        ProcessCollector(registry=registry)
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        self._registry = registry

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self._registry)


class Telemetry:
    """The outermost middleware: whatever happens inside is answered, counted and logged.

    Args:
        app: what is inside.
        metrics: is told.
        routes: gives requests their names; the path of one could be anything.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        # Prometheus's look-up of labels takes longer than counting; routes and statuses are few.
        self._requests, self._seconds = cache(metrics.requests.labels), cache(metrics.seconds.labels)
        self._names: dict[object, str] = {
            route.endpoint: route.path for route in reversed(routes) if isinstance(route, Route)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, mark its answer, and write it down."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], *_EVERY_ANSWER, (b"x-request-id", request_id)]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except ClientDisconnect:
            status = _CLIENT_GONE
        except Exception:
            _LOG.exception("fault", extra={"fields": {"id": request_id.decode()}})
            if status:
                raise
            response = problem_response(
                500,
                "A fault of the service. Its log says more under this request's id.",
                request_id=request_id.decode(),
                path=scope["path"],
            )
            await response(scope, receive, send_marked)
        finally:
            self._note(scope, status, time.perf_counter() - started_s)

    def _note(self, scope: Scope, status: int, elapsed_s: float) -> None:
        route = self._names.get(scope.get("endpoint"), "other")
        self._requests(route, status).inc()
        self._seconds(route).observe(elapsed_s)
        if _LOG.isEnabledFor(logging.INFO):
            fields = {
                "id": scope["state"]["request_id"],
                "method": scope["method"],
                "route": route,
                "status": status,
                "ms": round(1e3 * elapsed_s, 2),
            }
            _LOG.info("request", extra={"fields": fields})


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return bytes(value)
    return secrets.token_hex(8).encode()
