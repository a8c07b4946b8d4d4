"""Fetches one file of a published dataset into the cache: from mirrors in turn, checked, whole or not at all.

pooch does the HTTP. Two processes that fetch the same file wait for each other; the second finds it there.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from inkdigits.datasets.catalogue import RemoteFile
from inkdigits.datasets.formats.content import open_content, read_at_most
from inkdigits.errors import DatasetError
from inkdigits.extras import require
from inkdigits.files import system_errors_as, temporary_beside

__all__ = ["fetch", "good_content"]

_FOR = "downloading datasets"
_NO_CONNECTION = "no connection"
_TIMEOUT_S = 30
_LOCK_TIMEOUT_S = 900
_CHUNK_BYTES = 1 << 16
_GZIP_OVERHEAD_BYTES = 1 << 16


def good_content(file: RemoteFile, path: Path) -> bytes | None:
    """The decompressed content of a file, if it is the published one; None if it is not.

    Raises:
        DatasetError: the file cannot be read at all.
    """
    with open_content(path) as stream:
        content = read_at_most(stream, file.n_bytes + 1)
    if file.has_content(content):
        return content
    return content if len(content) == file.n_bytes and file.is_published_gz(path.read_bytes()) else None


def fetch(file: RemoteFile, mirrors: Sequence[str], folder: Path) -> bytes:
    """The content of `file`, from `folder` if it is there and good, else downloaded into it as `NAME.gz`.

    Raises:
        DatasetError: no mirror has a good copy, or the folder cannot be written.
    """
    filelock = require("filelock", extra="train", for_what=_FOR)
    target = folder / f"{file.name}.gz"
    unwritable = system_errors_as(
        DatasetError,
        folder,
        expected="a cache folder that can be written",
        remedy="Make room, correct the permissions, or set INKDIGITS_DATA to a folder with the files.",
    )
    try:
        with unwritable:
            folder.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(folder / f".{file.name}.lock", timeout=_LOCK_TIMEOUT_S):
                content = _cached(file, target)
                return content if content is not None else _from_mirrors(file, mirrors, target)
    except filelock.Timeout as error:
        raise DatasetError(
            target,
            expected="another process to finish this download",
            found=f"it still running after {_LOCK_TIMEOUT_S // 60} minutes",
            remedy="Stop the other process and start again.",
        ) from error


def _cached(file: RemoteFile, target: Path) -> bytes | None:
    with suppress(DatasetError):  # what is damaged is fetched again
        return good_content(file, target) if target.is_file() else None
    return None


def _from_mirrors(file: RemoteFile, mirrors: Sequence[str], target: Path) -> bytes:
    requests = require("requests", extra="train", for_what=_FOR)
    failures: dict[str, str] = {}  # by address
    for mirror in mirrors:
        url = f"{mirror}{target.name}"
        try:
            with temporary_beside(target) as part:
                return _from_mirror(file, url, part)
        except requests.RequestException as error:
            failures[url] = _in_short(requests, error)
        except (_WrongFileError, DatasetError) as error:
            failures[url] = str(error)
    found = "; ".join(f"{url}: {failure}" for url, failure in failures.items()) or "no mirrors"
    if set(failures.values()) == {_NO_CONNECTION}:
        found = "no connection to any of them"
    raise DatasetError(
        file.name,
        expected=f"a copy from one of {len(mirrors)} mirrors",
        found=found,
        remedy="Check the network, or take the dataset uci, which needs none (--data uci); or fetch "
        f"{target.name} by other means into {target.parent}.",
    )


def _in_short(requests: Any, error: Exception) -> str:
    """Why a request failed, without the addresses and objects that its message is made of."""
    if isinstance(error, requests.Timeout):
        return f"no answer within {_TIMEOUT_S} seconds"
    if isinstance(error, requests.HTTPError):
        return f"status {error.response.status_code}"
    if type(error) in (
        requests.ConnectionError,
        requests.exceptions.ProxyError,
        requests.exceptions.SSLError,
    ):
        return _NO_CONNECTION
    return str(error)


def _from_mirror(file: RemoteFile, url: str, part: Path) -> bytes:
    # Without "identity" some servers announce .gz as an encoding, and it would arrive unpacked.
    downloader = require("pooch", extra="train", for_what=_FOR).HTTPDownloader(
        chunk_size=_CHUNK_BYTES, timeout=_TIMEOUT_S, headers={"Accept-Encoding": "identity"}
    )
    with part.open("wb") as raw:
        downloader(url, _Bounded(raw, file.n_bytes + _GZIP_OVERHEAD_BYTES), None)
    content = good_content(file, part)
    if content is None:
        raise _WrongFileError("not the published file (its hash differs)")
    return content


class _WrongFileError(Exception):
    """A mirror sends something other than the published file."""


class _Bounded:
    """A file to write to that takes no more than a number of bytes."""

    def __init__(self, raw: io.BufferedWriter, n_bytes: int) -> None:
        self._raw = raw
        self._left = n_bytes

    def write(self, chunk: bytes) -> int:
        self._left -= len(chunk)
        if self._left < 0:
            raise _WrongFileError("it sends more than the file can have")
        return self._raw.write(chunk)

    def flush(self) -> None:
        """Nothing: the file is flushed once, when it is closed."""
