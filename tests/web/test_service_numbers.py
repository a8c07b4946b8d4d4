"""The service reads whole numbers as the package does, within the limits that digits have."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from inkdigits.cli.app import app
from inkdigits.reading.numbers.reader import NumberReader
from inkdigits.web.settings import ServiceSettings
from tests.web.serving import Served, drawn, served

PNG = {"content-type": "image/png"}


def written(*lines: str) -> bytes:
    """The PNG of a page with some lines."""
    page = Image.new("L", (420, 30 + 90 * len(lines)), 250)
    for row, line in enumerate(lines):
        ImageDraw.Draw(page).text((30, 20 + 90 * row), line, fill=20, font=ImageFont.load_default(56))
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


FIELD, PAGE = written("5178"), written("407      36", "952")


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served(ServiceSettings(max_parts=3)) as running:
        yield running


def test_a_page_is_read_as_the_command_line_prints_it(service: Served) -> None:
    answer = service.client.post("/v1/read", content=PAGE, headers=PNG)
    assert answer.status_code == 200
    printed = CliRunner().invoke(app, ["read", "-", "--json"], input=PAGE)
    assert {"path": "-", **answer.json()} == json.loads(printed.stdout)
    assert answer.json()["text"] == "407 36\n952"


def test_a_field_is_read_as_asked(service: Served) -> None:
    asked = {"one": "true", "expect": r"\d{4}", "check": "luhn", "max_error": "0.2"}
    answer = service.client.post("/v1/read", params=asked, content=FIELD, headers=PNG).json()
    reader = NumberReader(max_error=0.2)
    assert answer == reader.read(FIELD, one=True, expect=r"\d{4}", check="luhn").to_json()
    free = service.client.post("/v1/read", params={"one": "true"}, content=FIELD, headers=PNG).json()
    assert (free["text"], free["numbers"][0]["digits"]) == ("5178", "5178")
    assert answer != free


def test_a_refusal_is_an_answer(service: Served) -> None:
    answer = service.client.post("/v1/read?one=true", content=written(""), headers=PNG)
    assert (answer.status_code, answer.json()["numbers"][0]["reason"]) == (200, "blank")


def test_a_form_gets_an_answer_for_each_picture_in_order(service: Served) -> None:
    files = [("a", ("field.png", FIELD)), ("a", ("notes.txt", b"four")), ("a", ("page.png", PAGE))]
    field, notes, page = service.client.post("/v1/read", files=files).json()["readings"]
    assert field == {"path": "field.png", **NumberReader().read(FIELD).to_json()}
    assert notes["error"].startswith("expected a picture in one of the formats PNG")
    assert (page["path"], len(page["numbers"])) == ("page.png", 3)
    assert service.client.post("/v1/read", files=[*files, files[0]]).status_code == 413


def document(kind: str, n_pages: int) -> bytes:
    """A PDF or TIFF of pages that say 5178, then 352, and so on in turn."""
    pages = [Image.open(io.BytesIO(written(("5178", "352")[number % 2]))) for number in range(n_pages)]
    buffer = io.BytesIO()
    pages[0].save(buffer, kind, save_all=True, append_images=pages[1:], resolution=200.0)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["tiff", "pdf"])
def test_each_page_of_a_document_is_read(service: Served, kind: str) -> None:
    if kind == "pdf":
        pytest.importorskip("pypdfium2", reason="needs inkdigits[pdf]")
    headers = {"content-type": {"tiff": "image/tiff", "pdf": "application/pdf"}[kind]}
    answer = service.client.post("/v1/read?one=true", content=document(kind, 3), headers=headers).json()
    assert answer["text"] == "5178\f352\f5178"
    assert [(number["page"], number["digits"]) for number in answer["numbers"]] == [
        *((1, "5178"), (2, "352"), (3, "5178"))
    ]
    assert "unread" not in answer
    refused = service.client.post("/v1/read", content=document(kind, 4), headers=headers)
    assert (refused.status_code, "1 to 3 pages, found 4" in refused.json()["detail"]) == (422, True)


def test_a_page_that_cannot_be_read_is_told_beside_the_others(service: Served) -> None:
    pages = [Image.open(io.BytesIO(FIELD)), Image.new("L", (70_000, 1))]
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    answer = service.client.post("/v1/read?one=true", files=[("a", ("scan.tif", buffer.getvalue()))]).json()
    (reading,) = answer["readings"]
    assert (reading["path"], reading["text"]) == ("scan.tif", "5178")
    ((number, said),) = [(each["page"], each["error"]) for each in reading["unread"]]
    assert (number, "65535" in said) == (2, True)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("expect=abc", 400, "expected"),
        ("expect=" + "1" * 201, 400, "at most 200"),
        ("check=luna", 400, "one of iso7064_mod11_10, luhn"),
        ("max_error=0.0001", 400, "max_error: expected at least"),
        ("max_error=2", 400, "less than 1"),
        ("one=yes", 400, "expected 'true' or 'false'"),
        ("only=true", 400, "found 'only'"),
    ],
)
def test_what_makes_no_sense_is_told(service: Served, query: str, status: int, said: str) -> None:
    answer = service.client.post(f"/v1/read?{query}", content=FIELD, headers=PNG)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_no_picture(service: Served) -> None:
    assert service.client.post("/v1/read", content=b"four", headers=PNG).status_code == 422
    assert service.client.post("/v1/read", content=b"", headers={"content-type": "a/b"}).status_code == 415


def test_one_that_waits_too_long_is_told_so() -> None:
    with served(ServiceSettings(wait_s=0.001)) as running:
        files = [("a", (f"{number}.png", PAGE)) for number in range(2)]
        with ThreadPoolExecutor(4) as clients:
            answers = clients.map(lambda _: running.client.post("/v1/read", files=files), range(8))
            statuses = {answer.status_code for answer in answers}
        assert 503 in statuses


def test_numbers_are_counted_by_outcome(service: Served) -> None:
    def n_read() -> float:
        name = 'inkdigits_numbers_total{outcome="read"} '
        lines = service.client.get("/metrics").text.splitlines()
        return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))

    before = n_read()
    service.client.post("/v1/read", content=PAGE, headers=PNG)
    assert n_read() == before + 3


def test_a_correction_is_kept_and_taken_back(tmp_path: Path) -> None:
    with served(ServiceSettings(corrections=tmp_path / "kept")) as running:
        path = "/v1/corrections/numbers"
        right = running.client.post(path, params={"text": "5178"}, content=FIELD, headers=PNG)
        assert (right.status_code, right.json()) == (200, {"label": "5178", "stored": 0, "id": None})
        wrong = running.client.post(path, params={"text": "5.178"}, content=FIELD, headers=PNG)
        assert (wrong.status_code, wrong.json()["stored"]) == (201, 1)
        (picture,) = tmp_path.rglob("*.png")
        assert picture.read_bytes() == FIELD
        assert picture.with_suffix(".gt.txt").read_text() == "5.178\n"
        taken = running.client.delete(f"/v1/corrections/{wrong.json()['id']}")
        assert taken.json() == {"stored": 0}
        assert running.client.post(path, params={"text": "x"}, content=FIELD, headers=PNG).status_code == 422


def test_digits_do_not_wait_for_a_page(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, done = threading.Event(), threading.Event()
    read = NumberReader.read

    def slow(reader: NumberReader, *args: object, **kwargs: object) -> object:
        begun.set()
        assert done.wait(10)
        return read(reader, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(NumberReader, "read", slow)
    page = threading.Thread(
        target=service.client.post, args=("/v1/read",), kwargs={"content": PAGE, "headers": PNG}
    )
    page.start()
    assert begun.wait(10)
    try:
        assert service.client.post("/v1/predict", content=drawn(7), headers=PNG).json()["digit"] == 7
    finally:
        done.set()
        page.join()
