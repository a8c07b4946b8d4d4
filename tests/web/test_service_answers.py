"""The service answers: pictures, the page, and errors that say what to do."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata, resources
from pathlib import Path

import pytest
from PIL import Image
from starlette.routing import Route

from inkdigits.reading.recognizer import Recognizer
from inkdigits.web.app import create_app
from inkdigits.web.http.telemetry import JsonLines
from inkdigits.web.settings import ServiceSettings
from tests.web.serving import Served, drawn, served

PNG = {"content-type": "image/png"}
SAMPLES = Path(str(resources.files("inkdigits") / "samples"))
SAMPLE = (SAMPLES / "4_open_blue_ink.png").read_bytes()


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture(scope="module")
def keeping_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(ServiceSettings(corrections=tmp_path_factory.mktemp("kept"))) as running:
        yield running


# One picture.


@pytest.mark.parametrize("kind", ["image/png", "image/x-anything", "application/octet-stream", None])
def test_a_picture_is_read_as_the_package_reads_it(service: Served, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = service.client.post("/v1/predict", content=SAMPLE, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == Recognizer().predict(SAMPLE).to_json()
    assert answer.json()["digit"] == 4


def test_it_shows_what_the_model_saw(service: Served) -> None:
    answer = service.client.post("/v1/predict?explain=true", content=SAMPLE, headers=PNG).json()
    seen = answer.pop("seen")
    examination = Recognizer().examine(SAMPLE)
    assert answer == examination.prediction.to_json()
    assert (seen["height"], seen["width"]) == examination.page.shape
    kind, _, content = seen["ink"].partition(",")
    ink = Image.open(io.BytesIO(base64.b64decode(content)))
    assert (kind, ink.size, ink.mode) == ("data:image/png;base64", (28, 28), "L")
    assert ink.getextrema() == (0, round(float(examination.normalized.ink.max()) * 255))


def test_a_refusal_is_an_answer(service: Served) -> None:
    blank = (resources.files("inkdigits") / "samples" / "blank.png").read_bytes()
    answer = service.client.post("/v1/predict", content=blank, headers=PNG)
    assert answer.status_code == 200
    assert (answer.json()["refused"], answer.json()["reason"], answer.json()["box"]) == (True, "blank", None)


def test_many_at_a_time_are_read_together_and_each_gets_its_own(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    examine_many = Recognizer.examine_many

    def noted(recognizer: Recognizer, pictures: list[bytes]) -> Iterator[object]:
        sizes.append(len(pictures))
        return examine_many(recognizer, pictures)

    monkeypatch.setattr(Recognizer, "examine_many", noted)
    pictures = {digit: drawn(digit) for digit in range(10)}
    alone = {digit: Recognizer().predict(picture).to_json() for digit, picture in pictures.items()}

    def ask(number: int) -> bool:
        digit = number % 10
        path = "/v1/predict?explain=true" if number % 3 else "/v1/predict"
        answer = service.client.post(path, content=pictures[digit], headers=PNG)
        return bool(answer.json()["box"] == alone[digit]["box"])

    with ThreadPoolExecutor(16) as clients:
        assert all(clients.map(ask, range(80)))
    assert sum(sizes) == 80
    assert 2 <= max(sizes) <= 8


def test_a_fault_with_a_batch_is_not_its_pictures(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    examine_many = Recognizer.examine_many

    def fail_on_several(recognizer: Recognizer, pictures: list[bytes]) -> Iterator[object]:
        if len(pictures) > 1:
            raise MemoryError
        return examine_many(recognizer, pictures)

    monkeypatch.setattr(Recognizer, "examine_many", fail_on_several)
    files = [("a", ("four.png", SAMPLE)), ("a", ("seven.png", drawn(7)))]
    answer = service.client.post("/v1/predict", files=files)
    assert [one["digit"] for one in answer.json()["predictions"]] == [4, 7]


@pytest.mark.parametrize(
    ("stricter", "reason"),
    [
        (ServiceSettings(max_error=0.0016), "unclear"),
        (ServiceSettings(digits_accepted=0.9), "not_a_digit"),
    ],
)
def test_it_refuses_as_strictly_as_it_was_told(
    service: Served, stricter: ServiceSettings, reason: str
) -> None:
    printed = drawn(9)  # as few people write it
    lenient = service.client.post("/v1/predict", content=printed, headers=PNG).json()
    assert (lenient["digit"], lenient["reason"]) == (9, None)
    with served(stricter) as running:
        assert running.client.post("/v1/predict", content=printed, headers=PNG).json()["reason"] == reason
        assert running.client.post("/v1/predict", content=SAMPLE, headers=PNG).json()["digit"] == 4
        said = running.client.get("/v1/service").json()
    assert (said["max_error"], said["digits_accepted"]) == (stricter.max_error, stricter.digits_accepted)


# Several pictures.


def test_a_form_gets_an_answer_for_each_picture_in_order(service: Served) -> None:
    files = [("a", ("four.png", SAMPLE)), ("b", ("notes.txt", b"four")), ("a", ("seven.png", drawn(7)))]
    answer = service.client.post("/v1/predict", files=files, data={"comment": "hello"})
    assert answer.status_code == 200
    four, notes, seven = answer.json()["predictions"]
    assert four == {"path": "four.png", **Recognizer().predict(SAMPLE).to_json()}
    assert notes["path"] == "notes.txt"
    assert notes["error"].startswith("expected a picture in one of the formats PNG")
    assert (seven["path"], seven["digit"]) == ("seven.png", 7)


def test_a_form_explains_each(service: Served) -> None:
    answer = service.client.post("/v1/predict?explain=true", files={"a": ("four.png", SAMPLE)}).json()
    assert answer["predictions"][0]["seen"]["ink"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("multipart/form-data", b"--x--\r\n", "a boundary"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", "at least one file"),
        ("multipart/form-data; boundary=x", b"nothing of the kind", "a whole form"),
        ("multipart/form-data; boundary=x", b"", "cut short"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="a"; filename="a"\r\n\r\nabc',
            "cut short",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nabc\r\n--x--\r\n',
            "at least one file",
        ),
    ],
)
def test_a_form_that_is_none(service: Served, kind: str, body: bytes, said: str) -> None:
    answer = service.client.post("/v1/predict", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


# Errors.


@pytest.mark.parametrize(
    ("body", "said"), [(b"", "an empty file"), (b"GIF89a, or so", "broken"), (SAMPLE[:200], "truncated")]
)
def test_no_picture(service: Served, body: bytes, said: str) -> None:
    answer = service.client.post("/v1/predict", content=body, headers=PNG)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def stripped(content: bytes) -> bytes:
    """What `curl -d @FILE` sends."""
    return content.translate(None, b"\r\n\0")


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.png"\r\n\r\n' + SAMPLE + b"\r\n--x--\r\n"
)


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/corrections?label=4"])
@pytest.mark.parametrize(
    ("body", "said"),
    [(FORM, "found a form"), (stripped(SAMPLE), "--data-binary"), (b"@seven.png", "the name of a file")],
    ids=["form", "curl -d", "name"],
)
def test_what_clients_send_by_mistake_is_named(
    keeping_service: Served, path: str, body: bytes, said: str
) -> None:
    answer = keeping_service.client.post(path, content=body, headers=PNG)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_photo_that_curl_stripped_is_named(service: Served) -> None:
    photo = (SAMPLES / "5_photo_shadow.jpg").read_bytes()
    answer = service.client.post(
        "/v1/predict", content=stripped(photo), headers={"content-type": "image/jpeg"}
    )
    assert "--data-binary" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/v1/predict", "Expected POST, found GET."),
        ("POST", "/predict", "Is /v1/predict meant?"),
        ("POST", "/v1/predict/", "Is /v1/predict meant?"),
        ("GET", "/xyzzy", "Nothing is here. http://"),
        ("POST", "/v1/corrections?label=4", "Start the service with --corrections DIR"),
    ],
)
def test_errors_tell_the_next_step(service: Served, method: str, path: str, said: str) -> None:
    assert said in service.client.request(method, path).json()["detail"]


def test_a_foreign_page_is_told_of_the_option(service: Served) -> None:
    headers = {"origin": "http://evil.example", **PNG}
    answer = service.client.post("/v1/predict", content=SAMPLE, headers=headers)
    assert (answer.status_code, "--allowed-host" in answer.json()["detail"]) == (403, True)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("text/plain", "Set the Content-Type"), ("application/x-www-form-urlencoded", "curl sets")],
)
def test_another_type_is_told_the_right_one(service: Served, kind: str, said: str) -> None:
    detail = service.client.post("/v1/predict", content=SAMPLE, headers={"content-type": kind}).json()[
        "detail"
    ]
    assert said in detail


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "image/png", "content-encoding": "gzip"},
    ],
)
def test_another_type(service: Served, headers: dict[str, str]) -> None:
    answer = service.client.post("/v1/predict", content=SAMPLE, headers=headers)
    assert answer.status_code == 415


def test_a_flag_that_is_none(service: Served) -> None:
    answer = service.client.post("/v1/predict?explain=perhaps", content=SAMPLE, headers=PNG)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "explain: expected 'true' or 'false', found 'perhaps'."


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/predict?explian=true", "Expected the query parameter explain, found 'explian'."),
        ("/v1/predict?explain=true&max_error=0.1", "found 'max_error'"),
        ("/v1/corrections?label=4&l=5", "Expected the query parameter label, found 'l'."),
        ("/v2/models/inkdigits/infer?a=", "Expected no query parameters, found 'a'."),
    ],
)
def test_a_parameter_that_is_unknown(service: Served, path: str, said: str) -> None:
    answer = service.client.post(path, content=SAMPLE, headers=PNG)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_the_page_is_served_whatever_its_address_ends_in(service: Served) -> None:
    assert service.client.get("/?from=somewhere").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/nowhere", 404, None),
        ("GET", "/v1/predict/", 404, None),
        ("GET", "/../../etc/passwd", 404, None),
        ("GET", "/%2e%2e/settings.py", 404, None),
        ("GET", "/v1/predict", 405, {"POST"}),
        ("DELETE", "/v1/service", 405, {"GET", "HEAD"}),
        ("POST", "/", 405, {"GET", "HEAD"}),
    ],
)
def test_elsewhere(service: Served, method: str, path: str, status: int, allowed: set[str] | None) -> None:
    answer = service.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}
    assert (problem["status"], problem["instance"]) == (status, answer.headers["x-request-id"])
    if allowed is not None:
        assert set(answer.headers["allow"].split(", ")) == allowed


def test_a_fault_of_ours_tells_nothing_but_its_id(
    service: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(recognizer: Recognizer, pictures: list[bytes]) -> None:
        raise RuntimeError("the secret name of a file")

    monkeypatch.setattr(Recognizer, "examine_many", fail)
    answer = service.client.post("/v1/predict", content=SAMPLE, headers=PNG)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["instance"] == answer.headers["x-request-id"]
    (fault,) = [record for record in caplog.records if record.exc_info]
    line = json.loads(JsonLines().format(fault))
    assert line["id"] == answer.headers["x-request-id"]
    assert "the secret name of a file" in line["traceback"]


# Every answer.


@pytest.mark.parametrize("path", ["/", "/v1/service", "/nowhere", "/v2/health/live"])
def test_every_answer_is_armed(service: Served, path: str) -> None:
    headers = service.client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"] == "camera=(self), microphone=(), geolocation=()"
    assert "server" not in headers


def test_a_request_keeps_its_id(service: Served) -> None:
    made = [service.client.get("/v2").headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    for said, kept in (("a.B-9_", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("", False)):
        answer = service.client.get("/v2", headers={"x-request-id": said})
        assert (answer.headers["x-request-id"] == said) == kept


# The page, and what there is.


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/page.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_the_page_is_served(service: Served, path: str, kind: str) -> None:
    answer = service.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind
    name = path.removeprefix("/") or "index.html"
    assert answer.content == (resources.files("inkdigits.web") / "page" / name).read_bytes()
    again = service.client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = service.client.head(path)
    assert (head.status_code, head.content) == (200, b"")


def test_what_the_service_is(service: Served) -> None:
    assert service.client.get("/v1/service").json() == {
        "name": "inkdigits",
        "version": metadata.version("inkdigits"),
        "model": "the bundled model",
        "class_names": list("0123456789"),
        "max_error": None,
        "digits_accepted": None,
        "corrections": False,
        "max_bytes": 20_000_000,
    }


def test_the_description_has_every_route_and_no_other(service: Served) -> None:
    described = service.client.get("/openapi.json").json()
    routes = {
        (route.path, method.lower())
        for route in create_app(ServiceSettings()).routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    own = {(path, method) for path, method in routes if path.startswith("/v") or path == "/metrics"}
    assert {(path, method) for path, of in described["paths"].items() for method in of} == own
    assert len({one["operationId"] for of in described["paths"].values() for one in of.values()}) == len(own)


def test_the_examples_of_the_description_are_true(service: Served) -> None:
    schemas = service.client.get("/openapi.json").json()["components"]["schemas"]
    (call,) = schemas["InferRequest"]["examples"]
    assert service.client.post("/v2/models/inkdigits/infer", json=call).status_code == 200
    (prediction,) = schemas["PredictionAnswer"]["examples"]
    assert prediction.keys() == Recognizer().predict(SAMPLE).to_json().keys()


def test_the_description_is_a_page_too_that_needs_nothing_from_elsewhere(service: Served) -> None:
    described = service.client.get("/openapi.json").json()
    answer = service.client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text
    for path, operations in described["paths"].items():
        assert f"<code>{path}</code>" in page
        assert all(operation["summary"] in html.unescape(page) for operation in operations.values())
    named = set(re.findall(r'id="(\w+)"', page))
    assert named == set(described["components"]["schemas"])
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert {address[1:] for address in addresses if address.startswith("#")} <= named
    files = {address for address in addresses if not address.startswith("#")}
    assert {service.client.get(f"/{file}").status_code for file in files} == {200}
    assert "<script" not in page


# Corrections.


def test_corrections_are_off_unless_asked_for(service: Served) -> None:
    answer = service.client.post("/v1/corrections?label=4", content=SAMPLE, headers=PNG)
    assert answer.status_code == 404
    assert "--corrections" in answer.json()["detail"]


def test_corrections_are_kept_in_the_folder(tmp_path: Path) -> None:
    with served(ServiceSettings(corrections=tmp_path / "kept")) as running:
        assert running.client.get("/v1/service").json()["corrections"] is True

        def correct(query: str, content: bytes = SAMPLE, kind: str = "image/png") -> tuple[int, object]:
            headers = {"content-type": kind}
            answer = running.client.post(f"/v1/corrections{query}", content=content, headers=headers)
            return answer.status_code, answer.json().get("stored")

        assert correct("?label=7") == (201, 1)
        assert correct("?label=9") == (201, 2)
        assert correct("?label=not_a_digit") == (201, 3)
        assert correct("?label=ten") == (422, None)
        assert correct("") == (422, None)
        assert correct("?label=4", b"no picture") == (422, None)
        assert correct("?label=4", kind="text/plain") == (415, None)
    (seven,) = (tmp_path / "kept" / "7").iterdir()
    assert seven.read_bytes() == SAMPLE


def test_what_was_read_right_is_not_stored(keeping_service: Served) -> None:
    def correct(label: str, content: bytes) -> tuple[int, object, object]:
        answer = keeping_service.client.post(f"/v1/corrections?label={label}", content=content, headers=PNG)
        return answer.status_code, answer.json()["id"], answer.json()["stored"]

    assert correct("4", SAMPLE) == (200, None, 0)
    letter = drawn("A")
    assert (
        keeping_service.client.post("/v1/predict", content=letter, headers=PNG).json()["reason"]
        == "not_a_digit"
    )
    assert correct("not_a_digit", letter) == (200, None, 0)


def test_a_correction_is_taken_back(keeping_service: Served) -> None:
    client = keeping_service.client
    kept = client.post("/v1/corrections?label=9", content=SAMPLE, headers=PNG).json()
    path = f"/v1/corrections/{kept['id']}"
    foreign = client.delete(path, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert client.delete(path).json() == {"stored": kept["stored"] - 1}
    again = client.delete(path)
    assert (again.status_code, kept["id"] in again.json()["detail"]) == (404, True)


def test_a_full_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inkdigits.web import app
    from inkdigits.web.corrections import CorrectionStore

    monkeypatch.setattr(
        app, "CorrectionStore", lambda folder, **rest: CorrectionStore(folder, max_pictures=1, **rest)
    )
    with served(ServiceSettings(corrections=tmp_path / "kept")) as running:
        statuses = [
            running.client.post("/v1/corrections?label=7", content=SAMPLE, headers=PNG).status_code
            for _ in "12"
        ]
    assert statuses == [201, 507]


# Metrics and the log.


def test_requests_and_pictures_are_counted() -> None:
    with served() as running:
        running.client.post("/v1/predict", content=SAMPLE, headers=PNG)
        running.client.post("/v1/predict", content=b"no picture", headers=PNG)
        running.client.get("/made/up")
        answer = running.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    for line in (
        'inkdigits_requests_total{route="/v1/predict",status="200"} 1.0',
        'inkdigits_requests_total{route="/v1/predict",status="422"} 1.0',
        'inkdigits_requests_total{route="other",status="404"} 1.0',
        'inkdigits_request_seconds_count{route="/v1/predict"} 2.0',
        'inkdigits_pictures_total{outcome="read"} 1.0',
        'inkdigits_pictures_total{outcome="unreadable"} 1.0',
        "inkdigits_waiting_requests 0.0",
    ):
        assert line in answer.text.splitlines()
    assert "made" not in answer.text


def test_the_log_tells_of_requests_and_nothing_of_pictures(
    service: Served, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("inkdigits.web")
    log.addHandler(caplog.handler)  # it passes nothing on to the root, where caplog listens
    try:
        with caplog.at_level(logging.INFO, "inkdigits.web"):
            service.client.post(
                "/v1/predict?explain=true",
                files={"a": ("secret.png", SAMPLE)},
                headers={"x-request-id": "mine"},
            )
            for _ in range(200):  # the line is written after the answer
                if caplog.records:
                    break
                time.sleep(0.01)
    finally:
        log.removeHandler(caplog.handler)
    record = caplog.records[0]
    text = JsonLines().format(record)
    line = json.loads(text)
    assert line.keys() == {"time", "level", "event", "id", "method", "route", "status", "ms"}
    assert (line["id"], line["method"], line["route"], line["status"]) == ("mine", "POST", "/v1/predict", 200)
    assert 0 < line["ms"] < 10_000
    assert len(text) < 300
