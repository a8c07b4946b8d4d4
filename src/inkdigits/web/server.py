"""From settings to processes that listen."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from logging.config import dictConfig
from multiprocessing.context import SpawnProcess
from typing import Any

from inkdigits.errors import ConfigError
from inkdigits.extras import needing
from inkdigits.files import system_errors_as
from inkdigits.process.signals import withheld
from inkdigits.web.settings import ServiceSettings

with needing("web", for_what="inkdigits serve"):
    import uvicorn
    from fastapi import FastAPI
    from prometheus_client.multiprocess import mark_process_dead

    from inkdigits.web.app import create_app
    from inkdigits.web.http.connections import Connection
    from inkdigits.web.http.telemetry import logging_config

__all__ = ["serve", "server_options"]

_LOG = logging.getLogger("inkdigits.web")
_FURTHER_FILES = 200  # that a process has open beside its connections
_BACKLOG = 2_048  # connections that wait to be accepted
_LOOK_AFTER_S = 0.5
_SWITCH_S = (
    0.0005  # that the event loop waits for a thread that reads pictures to hand over; Python's own is 5 ms
)


def serve(settings: ServiceSettings, announce: Callable[[], None] = lambda: None) -> None:
    """Listen until SIGTERM or Ctrl-C, answer what was accepted, and return.

    Args:
        settings: of the service.
        announce: called when nothing stands in the way of it.

    Raises:
        ConfigError: nothing can listen on that address, or corrections cannot be kept.
        ModelError: the model cannot be used.
    """
    dictConfig(logging_config(settings.log_format))
    with _listener(settings) as listener:
        # With several processes too: what is wrong is to be known before they start.
        app = create_app(settings)
        _allow_open_files(settings.max_connections + _FURTHER_FILES)
        announce()
        if settings.n_workers == 1:
            _answer(app, settings, listener)
        else:
            del app  # with its model: the processes have their own
            _supervise(settings, listener)


def _listener(settings: ServiceSettings) -> socket.socket:
    host, port = settings.host, settings.port
    with system_errors_as(
        ConfigError,
        f"{host}:{port}",
        expected="an address that can be listened on",
        remedy="Choose another --port, or stop what uses this one.",
    ):
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)


def _answer(app: FastAPI, settings: ServiceSettings, listener: socket.socket) -> None:
    sys.setswitchinterval(_SWITCH_S)
    # Uvicorn stops in good order, then raises the signal again, and that would end us with an error. One that
    # comes before it listens for signals is not lost either.
    server = uvicorn.Server(uvicorn.Config(app, **server_options(settings)))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    with suppress(KeyboardInterrupt):  # a second Ctrl-C, which asyncio answers so
        server.run(sockets=[listener])


# Several processes.


def _supervise(settings: ServiceSettings, listener: socket.socket) -> None:
    """Keep so many processes running until a signal comes, then let them end.

    Uvicorn's own supervisor keeps the socket open while its processes end, and clients that come then are
    lost.
    """
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda came, frame: signals.append(came))
    with tempfile.TemporaryDirectory(prefix="inkdigits-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        processes = [_started(settings, listener) for _ in range(settings.n_workers)]
        while not signals:
            time.sleep(_LOOK_AFTER_S)
            for index, process in enumerate(processes):
                if not process.is_alive() and not signals:
                    _LOG.error("a process ended with %s; another one starts", process.exitcode)
                    mark_process_dead(process.pid)  # type: ignore[no-untyped-call]
                    processes[index] = _started(settings, listener)
        listener.close()
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _started(settings: ServiceSettings, listener: socket.socket) -> SpawnProcess:
    # Spawned, not forked: a model's threads do not survive a fork.
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(settings, listener))
    with withheld(signal.SIGINT):  # a terminal sends Ctrl-C to all, while they load too: the parent decides
        process.start()
    return process


def _work(settings: ServiceSettings, listener: socket.socket) -> None:
    """What each of several processes does."""
    _answer(create_app(settings), settings, listener)


def server_options(settings: ServiceSettings) -> dict[str, Any]:
    """What `uvicorn.Config` is to be told."""
    return {
        "http": Connection,
        "ws": "none",
        "lifespan": "on",
        "log_config": logging_config(settings.log_format),
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": settings.keep_alive_s,
        "timeout_graceful_shutdown": settings.stop_s,
    }


def _allow_open_files(n_files: int) -> None:
    """Raise the limit of open files as far as this user may."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = n_files if hard == resource.RLIM_INFINITY else min(n_files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
