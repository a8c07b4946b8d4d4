"""The service against who means it ill: after each attempt it lives, and answers as before."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inkdigits.web.settings import ServiceSettings
from tests.web.bombs import BOMBS, encoded, png_of
from tests.web.hostile import GOOD, Answer, LiveService, running_service

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals and limits are POSIX's"),
    pytest.mark.usefixtures("lives_on"),
]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
HEAD = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The real service with short limits, with corrections on."""
    settings = ServiceSettings(
        corrections=tmp_path_factory.mktemp("kept") / "corrections",
        header_s=1.0,
        stall_s=1.0,
        write_s=1.0,
        keep_alive_s=2.0,
    )
    with running_service(settings) as running:
        yield running


def is_refusal(answer: Answer | None) -> bool:
    """An error that blames the request, told in the one form, or a connection that was cut."""
    if answer is None:
        return True
    if answer.status == 503:
        return "retry-after" in answer.headers
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return 400 <= answer.status < 500 and (is_problem or not answer.body or answer.status in (400, 431))


# Pictures that are none, or worse.


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["pngsuite", "exif_orientation"])
def test_every_bad_file(service: LiveService, real_data: Path, folder: str) -> None:
    folder_path = real_data / "badfiles" / folder
    with (folder_path / "manifest.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert rows
    for row in rows:
        answer = service.post((folder_path / row["path"]).read_bytes(), "image/png")
        assert answer.status == (422 if row["expected"] == "reject" else 200), row["path"]


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(service: LiveService, name: str) -> None:
    answer = service.post(BOMBS[name](), "image/png")
    assert answer.status in (200, 422), answer.body
    assert service.peak_memory_bytes() < 1_500_000_000, name


@pytest.mark.parametrize("of_format", FORMATS)
def test_truncations(service: LiveService, of_format: str) -> None:
    content = encoded(of_format)
    cuts = np.linspace(1, len(content) - 1, 12).astype(int)
    for cut in cuts:
        answer = service.post(content[:cut])
        assert answer.status in (200, 422), cut
        if cut < 0.5 * len(content):
            assert answer.status == 422, f"{cut} of {len(content)} bytes were taken for a picture"


@pytest.mark.parametrize("of_format", FORMATS)
def test_damaged_pictures(service: LiveService, of_format: str) -> None:
    generator = np.random.default_rng(FORMATS.index(of_format))
    content = encoded(of_format)
    for _ in range(15):
        damaged = bytearray(content)
        for at in generator.integers(0, len(content), 10):
            damaged[at] = int(generator.integers(256))
        assert service.post(bytes(damaged)).status in (200, 422)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "image/png", 422),
        (b"", None, 422),
        (b"{}", "application/json", 415),
        (GOOD, "text/html", 415),
        (GOOD, "image/", 200),
        (GOOD, "", 415),
        (GOOD, "application/x-www-form-urlencoded", 415),
        (GOOD, "image/png" * 1_000, 200),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
            "image/svg+xml",
            422,
        ),
        (b"http://localhost/7.png", "application/octet-stream", 422),
        (b"/etc/passwd", "application/octet-stream", 422),
        (b"%PDF-1.7", "image/png", 422),
        (b"\x89HDF\r\n", "image/png", 422),
        (b"\x80\x04\x95cos\nsystem\n", "image/png", 422),
    ],
)
def test_wrong_types(service: LiveService, body: bytes, content_type: str | None, status: int) -> None:
    answer = service.post(body, content_type)
    assert answer.status == status
    if status != 200:
        assert is_refusal(answer)
        assert b"root:" not in answer.body


# Forms.


def part(content: bytes = GOOD, name: str = "seven.png") -> bytes:
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
    return b"--limit\r\n" + disposition.encode() + b"Content-Type: image/png\r\n\r\n" + content + b"\r\n"


END = b"--limit--\r\n"
FORM = "multipart/form-data; boundary=limit"
ODD_FORMS = {
    "no boundary": ("multipart/form-data", part() + END),
    "an empty boundary": ("multipart/form-data; boundary=", part() + END),
    "a boundary of 100,000 letters": (f"multipart/form-data; boundary={'x' * 30_000}", part() + END),
    "another boundary": ("multipart/form-data; boundary=other", part() + END),
    "a boundary that is never closed": (FORM, part()),
    "nothing but boundaries": (FORM, b"--limit\r\n" * 10_000),
    "10,000 parts": (FORM, part(b"x") * 10_000 + END),
    "an empty form": (FORM, END),
    "an empty body": (FORM, b""),
    "no blank line": (FORM, b"--limit\r\nContent-Disposition: form-data\r\n" + END),
    "headers without end": (FORM, b"--limit\r\n" + b"X: y\r\n" * 500_000),
    "a header of 10 MB": (FORM, b"--limit\r\nX-A: " + b"y" * 10_000_000 + b"\r\n\r\n" + END),
    "a field, no file": (FORM, b'--limit\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' + END),
    "NULs": (FORM, b"--limit\0\r\n\0\0\0\r\n\r\n" + END),
    "a form in a form": (
        FORM,
        b'--limit\r\nContent-Disposition: form-data; name="a"\r\n'
        + b"Content-Type: multipart/mixed; boundary=i\r\n\r\n"
        + b"--i\r\nContent-Disposition: file; filename=a\r\n\r\nx\r\n--i--\r\n"
        + END,
    ),
}


@pytest.mark.parametrize("name", ODD_FORMS)
def test_odd_forms(service: LiveService, name: str) -> None:
    content_type, body = ODD_FORMS[name]
    answer = service.post(body, content_type)
    assert 400 <= answer.status < 500, answer.status
    assert is_refusal(answer)


def test_a_name_in_a_form_is_told_back_and_nothing_else(service: LiveService, answer_before: bytes) -> None:
    name = "../../etc/passwd\u202e<script>"
    answer = service.post(part(name=name) + part(b"no picture") + END, FORM)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    first, second = answer.json()["predictions"]
    assert first["path"] == name
    assert first["digit"] == 7
    assert "error" in second


# Framing.


def chunked(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def test_a_body_in_10_000_tiny_chunks(service: LiveService) -> None:
    picture = encoded("BMP")
    assert len(picture) > 10_000
    answer = service.exchange(
        HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunked([b"%c" % byte for byte in picture])
    )
    assert answer is not None
    assert answer.status == 200
    assert answer.body == service.post(picture).body


@pytest.mark.parametrize(
    "rest",
    [
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 99999999999999999999\r\n\r\n",
        "Content-Length: 20000001\r\n\r\n",
        "Content-Length: five\r\n\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n5;" + "x" * 200_000,
        "Transfer-Encoding: chunked\r\n\r\n0\r\n" + "X: y\r\n" * 50_000,
        "Transfer-Encoding: gzip\r\n\r\nabc",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\nHost: evil.example\r\nContent-Length: 3\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\nabcde\n0\n\n",
        "Content-Length: +5\r\n\r\nabcde",
        "Content-Length: 0x5\r\n\r\nabcde",
        "Content-Length: 5, 5\r\n\r\nabcde",
        "Content-Length: 5\n\nabcde",
        "X: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
        "X: a\0b\r\nContent-Length: 0\r\n\r\n",
        "X: a\rb\r\nContent-Length: 0\r\n\r\n",
        "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        "Host: localhost\r\nContent-Length: 0\r\n\r\n",
        "Host: evil.example\r\nContent-Length: 0\r\n\r\n",
        "Content-Length: 0\r\nOrigin: http://evil.example\r\n\r\n",
        "Content-Length: 0\r\nOrigin: null\r\n\r\n",
        "Expect: 100-continue\r\nContent-Length: 20000001\r\n\r\n",
        "X-Long: " + "y" * 1_000_000,
        "".join(f"X-{i}: y\r\n" for i in range(100_000)),
    ],
    ids=lambda rest: repr(rest[:75]),
)
def test_requests_that_no_client_sends(service: LiveService, rest: str) -> None:
    answer = service.exchange((HEAD + rest).encode("latin-1"))
    assert is_refusal(answer)
    assert answer is None or answer.status != 422, "the body was taken for a picture"


def test_nobody_talks_it_into_another_protocol(service: LiveService) -> None:
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"
    answer = service.exchange((HEAD + upgrade).encode())
    assert answer is not None
    assert answer.status == 422, "it is an empty picture like any other"


@pytest.mark.parametrize(
    "sent",
    [
        b"\0" * 10_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /page.css/../../app.py HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET //etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /v2/models/..%2f..%2fetc HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: localhost\r\nX-Secret: 1\r\n\r\n",
        b"\xff\xfe / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_other_protocols_and_paths(service: LiveService, sent: bytes) -> None:
    answer = service.exchange(sent, method="GET")
    assert is_refusal(answer)
    assert answer is None or b"root:" not in answer.body


@pytest.mark.parametrize("request_id", ["a b", "x" * 65, "é", "a;b", "<script>", ""])
def test_a_strange_request_id_is_not_told_back(service: LiveService, request_id: str) -> None:
    answer = service.request("GET", "/v1/service", headers={"X-Request-ID": request_id})
    assert answer.status == 200
    assert answer.headers["x-request-id"] != request_id
    assert (
        service.request("GET", "/v1/service", headers={"X-Request-ID": "a.b-c_1"}).headers["x-request-id"]
        == "a.b-c_1"
    )


# Corrections: nothing of these is stored (the fixture looks).


@pytest.mark.parametrize("label", ["..%2fx", "%2e%2e", "", "10", "4%00", "4&label=5&label=../x", "x" * 5_000])
def test_corrections_with_hostile_labels(service: LiveService, label: str) -> None:
    answer = service.post(GOOD, "image/png", f"/v1/corrections?label={label}")
    assert answer.status in (400, 422), answer.body
    assert is_refusal(answer)


@pytest.mark.parametrize("body", [b"", b"../x", encoded("PNG")[:-20], png_of(50_000, 50_000, b"")])
def test_corrections_that_are_no_pictures(service: LiveService, body: bytes) -> None:
    answer = service.post(body, "image/png", "/v1/corrections?label=4")
    assert answer.status == 422
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"inputs": []}',
        b"[" * 100_000,
        b'{"inputs": [{"name": "images", "shape": [1, 28, 28], "datatype": "UINT8", "data": [1]}]}',
        b'{"inputs": [{"name": "images", "shape": [-1, 28, 28], "datatype": "UINT8", "data": []}]}',
        b'{"inputs": [{"name": "images", "shape": [1000000000, 28, 28], "datatype": "UINT8", "data": []}]}',
        b'{"inputs": [{"name": "images", "shape": [1e400], "datatype": "UINT8", "data": [NaN]}]}',
        b'{"inputs": [{"name": "images", "shape": [1, 28, 28], "datatype": "BYTES", "data": ["a"]}]}',
        b'{"inputs": [{"name": "images", "shape": [1, 28, 28], "datatype": "UINT8", "data": [256'
        + b",1" * 783
        + b"]}]}",
        b'{"inputs": [{"name": "images", "shape": [1, 28, 28], "datatype": "UINT8", "data": [-1'
        + b",1" * 783
        + b"]}]}",
        b'{"inputs": [{"name": "images", "shape": [1, 28, 28], "datatype": "UINT8", "data": [1.5'
        + b",1" * 783
        + b"]}]}",
        b'{"inputs": [{"name": "images", "shape": [1, 28, 28], "datatype": "UINT8", "data": ['
        + b"9" * 5_000
        + b",1" * 783
        + b"]}]}",
        b'{"inputs": ' + b'[{"name": "images"}, ' * 1 + b'{"name": "images"}]}',
        b"\xff\xfe\x00",
    ],
    ids=lambda body: repr(body[:60]),
)
def test_tensors_that_are_none(service: LiveService, body: bytes) -> None:
    answer = service.post(body, "application/json", "/v2/models/inkdigits/infer")
    assert 400 <= answer.status < 500
    assert is_refusal(answer)
    assert answer.json()["error"]
