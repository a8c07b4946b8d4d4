"""Downloads and the search for published datasets, against a server on this machine."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import load
from inkdigits.datasets.catalogue import CATALOGUE, Entry, RemoteFile
from inkdigits.datasets.known.download import fetch
from inkdigits.datasets.known.finding import load_named
from inkdigits.errors import DatasetError
from tests.datasets.made_up import idx_bytes, make_pair


class Mirror:
    """A server of files in memory that counts what is asked of it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.stated_surplus = 0  # bytes that are announced and never sent
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                content = mirror.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content) + mirror.stated_surplus))
                self.end_headers()
                self.wfile.write(content[:100])
                time.sleep(0.2)  # long enough for a second process to come
                self.wfile.write(content[100:])

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    mirror = Mirror()
    thread = threading.Thread(target=mirror.server.serve_forever)
    thread.start()
    yield mirror
    mirror.server.shutdown()
    thread.join()
    mirror.server.server_close()


def remote(name: str, content: bytes) -> RemoteFile:
    return RemoteFile(name, len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")


CONTENTS = {
    "train-images-idx3-ubyte": idx_bytes(make_pair(20, seed=1)[0]),
    "train-labels-idx1-ubyte": idx_bytes(make_pair(20, seed=1)[1]),
    "t10k-images-idx3-ubyte": idx_bytes(make_pair(5, seed=2)[0]),
    "t10k-labels-idx1-ubyte": idx_bytes(make_pair(5, seed=2)[1]),
}
FILES = {name: remote(name, content) for name, content in CONTENTS.items()}
IMAGES = FILES["train-images-idx3-ubyte"]
PACKED = gzip.compress(CONTENTS[IMAGES.name], mtime=0)


def entry(*mirrors: str) -> Entry:
    return Entry("made up", tuple("0123456789"), mirrors, *FILES.values())


def serve_all(mirror: Mirror) -> None:
    mirror.files = {f"/{name}.gz": gzip.compress(content) for name, content in CONTENTS.items()}


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_fetched_once_then_from_the_cache(mirror: Mirror, tmp_path: Path) -> None:
    serve_all(mirror)
    catalogue = {"fake": entry(mirror.url)}
    first = load_named("fake", folders=[], cache=tmp_path, catalogue=catalogue)
    assert first.train is not None
    assert first.test is not None
    np.testing.assert_array_equal(first.train.images, make_pair(20, seed=1)[0])
    assert len(first.test) == 5
    assert len(mirror.asked) == 4
    load_named("fake", folders=[], cache=tmp_path, catalogue=catalogue)
    assert len(mirror.asked) == 4
    assert leftovers(tmp_path / "fake") == sorted(f"{name}.gz" for name in FILES)


def test_second_mirror_serves_where_the_first_fails(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files = {
        "/page/train-images-idx3-ubyte.gz": b"<html>moved</html>",
        "/good/train-images-idx3-ubyte.gz": PACKED,
    }
    mirrors = [f"{mirror.url}gone/", f"{mirror.url}page/", f"{mirror.url}good/"]
    assert fetch(IMAGES, mirrors, tmp_path) == CONTENTS[IMAGES.name]
    assert len(mirror.asked) == 3


def test_all_mirrors_fail(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files = {"/train-images-idx3-ubyte.gz": gzip.compress(b"something else")}
    with pytest.raises(DatasetError) as caught:
        fetch(IMAGES, [f"{mirror.url}gone/", mirror.url, "http://127.0.0.1:9/"], tmp_path)
    message = str(caught.value)
    assert "404" in message
    assert "hash differs" in message
    assert "http://127.0.0.1:9/" in message
    assert str(tmp_path) in caught.value.remedy
    assert leftovers(tmp_path) == []


def test_without_a_network_two_lines_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(DatasetError) as caught:
        fetch(IMAGES, ["http://127.0.0.1:9/", "http://127.0.0.1:9/other/"], tmp_path)
    message = str(caught.value)
    assert "no connection to any of them" in message
    assert "--data uci" in message
    assert len(message) - len(str(tmp_path)) < 260


def test_download_that_breaks_off_leaves_nothing(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files = {"/train-images-idx3-ubyte.gz": PACKED[:5000]}
    mirror.stated_surplus = len(PACKED) - 5000
    with pytest.raises(DatasetError, match="mirrors"):
        fetch(IMAGES, [mirror.url], tmp_path)
    assert leftovers(tmp_path) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the connection is cut
def test_download_that_does_not_end_is_cut(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files = {"/train-images-idx3-ubyte.gz": bytes(5_000_000)}
    with pytest.raises(DatasetError, match="more than the file can have"):
        fetch(IMAGES, [mirror.url], tmp_path)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("broken", [b"", b"junk", PACKED[:500], gzip.compress(b"other")])
def test_broken_file_in_the_cache_is_fetched_again(mirror: Mirror, tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(broken)
    mirror.files = {"/train-images-idx3-ubyte.gz": PACKED}
    assert fetch(IMAGES, [mirror.url], tmp_path) == CONTENTS[IMAGES.name]
    assert (tmp_path / "train-images-idx3-ubyte.gz").read_bytes() == PACKED


def test_threads_do_not_collide(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files = {"/train-images-idx3-ubyte.gz": PACKED}
    with ThreadPoolExecutor(4) as pool:
        contents = list(pool.map(lambda _: fetch(IMAGES, [mirror.url], tmp_path), range(4)))
    assert set(contents) == {CONTENTS[IMAGES.name]}
    assert len(mirror.asked) == 1
    assert leftovers(tmp_path) == ["train-images-idx3-ubyte.gz"]


def test_processes_do_not_collide(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files = {"/train-images-idx3-ubyte.gz": PACKED}
    code = (
        "import sys; from pathlib import Path\n"
        "from inkdigits.datasets.catalogue import RemoteFile\n"
        "from inkdigits.datasets.known.download import fetch\n"
        f"file = RemoteFile({IMAGES.name!r}, {IMAGES.n_bytes}, {IMAGES.content_hash!r})\n"
        f"fetch(file, [{mirror.url!r}], Path({str(tmp_path)!r}))\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    workers = [subprocess.Popen([sys.executable, "-c", code], env=environ) for _ in range(2)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    assert len(mirror.asked) == 1
    assert (tmp_path / "train-images-idx3-ubyte.gz").read_bytes() == PACKED
    assert leftovers(tmp_path) == ["train-images-idx3-ubyte.gz"]


def test_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(DatasetError, match="cache folder that can be written"):
        fetch(IMAGES, [], tmp_path / "file" / "mnist")


def place(folder: Path, *, pack: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in CONTENTS.items():
        path = folder / (f"{name}.gz" if pack else name)
        path.write_bytes(gzip.compress(content) if pack else content)


@pytest.mark.parametrize("inner", ["", "fake"])
@pytest.mark.parametrize("pack", [False, True])
def test_folders_come_before_the_network(tmp_path: Path, inner: str, pack: bool) -> None:
    place(tmp_path / "mine" / inner, pack=pack)
    folders = [tmp_path / "absent", tmp_path / "mine"]
    dataset = load_named("fake", folders=folders, cache=tmp_path / "cache", catalogue={"fake": entry()})
    assert dataset.train is not None
    assert len(dataset.train) == 20
    assert not (tmp_path / "cache").exists()


def test_wrong_file_in_a_folder_is_named(tmp_path: Path) -> None:
    place(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(5)))
    with pytest.raises(DatasetError, match=r"t10k-labels-idx1-ubyte.*hash differs"):
        load_named("fake", folders=[tmp_path], cache=tmp_path, catalogue={"fake": entry()})


def test_files_of_another_dataset_are_passed_over(mirror: Mirror, tmp_path: Path) -> None:
    place(tmp_path)  # those of "fake", under the names that all these datasets share
    serve_all(mirror)
    other = {
        name: dataclasses.replace(file, n_bytes=1, content_hash="sha256:0") for name, file in FILES.items()
    }
    catalogue = {"fake": entry(), "other": Entry("", (), (f"{mirror.url}gone/",), *other.values())}
    with pytest.raises(DatasetError, match="404"):  # went on to the network
        load_named("other", folders=[tmp_path], cache=tmp_path / "cache", catalogue=catalogue)


def test_published_gz_is_good_where_only_its_hash_is_known(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(PACKED)
    file = dataclasses.replace(IMAGES, content_hash="md5:0", gz_sha256=hashlib.sha256(PACKED).hexdigest())
    assert fetch(file, [], tmp_path) == CONTENTS[IMAGES.name]


def test_load_reads_the_environment_that_is_given(tmp_path: Path) -> None:
    place(tmp_path / "mnist")
    with pytest.raises(DatasetError, match="the published train-images-idx3-ubyte of mnist"):
        load("mnist", environ={"INKDIGITS_DATA": str(tmp_path)}, cache=tmp_path / "cache")


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        load("mnist", folder=tmp_path / "absent", environ={})


def test_catalogue_is_well_formed() -> None:
    for name, known in CATALOGUE.items():
        assert len(known.class_names) == 10, name
        assert all(url.startswith("http") and url.endswith("/") for url in known.mirrors), name
        hashes = {file.content_hash for file in known.files()}
        assert len(hashes) == 4, name
        for file in known.files():
            algorithm, _, digest = file.content_hash.partition(":")
            assert len(bytes.fromhex(digest)) == hashlib.new(algorithm).digest_size
            assert algorithm == "sha256" or (file.gz_sha256 and len(bytes.fromhex(file.gz_sha256)) == 32)
