"""The page in a real browser: strokes, pictures, refusals, failures, and who can use it."""

from __future__ import annotations

import base64
import os
import re
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest
from playwright.sync_api import Browser, Route, expect, sync_playwright

from tests.web.visiting import (
    FOUR,
    KEEP_WHAT_IS_SENT,
    ONE,
    SCRIBBLE,
    SEVEN,
    THREE,
    ZERO,
    Stroke,
    Visit,
    serving,
)

CHROMIUM = os.environ.get("INKDIGITS_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
CAMERA_FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SAMPLES = Path(str(resources.files("inkdigits") / "samples"))
MAKES_IT_SEVEN = [[(0.52, 0.2), (0.22, 0.21)], [(0.36, 0.5), (0.64, 0.5)]]  # of a one
MOST_MS = 250  # from stroke end to answer: 50 ms on a quiet machine, and room for a shared one

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: set INKDIGITS_CHROMIUM to its program"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def keeping_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a service that keeps corrections."""
    with serving("--corrections", str(tmp_path_factory.mktemp("kept"))) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *CAMERA_FLAGS])


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """Open the page; afterwards nothing may have been complained of, and nothing have left the host."""
    visits: list[Visit] = []

    def open_page(url: str = address, before: str | None = None, **options: Any) -> Visit:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        context.add_init_script(before or KEEP_WHAT_IS_SENT)
        one = Visit(context.new_page())
        visits.append(one)
        one.page.on("request", lambda request: one.requests.append(request))
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("console", lambda message: one.complaints.append(message.text))
        one.page.goto(url)
        expect(one.page.locator("#service")).not_to_be_empty()
        return one

    yield open_page
    for one in visits:
        one.page.context.close()
        one.check_manners()


# Drawing.


@pytest.mark.parametrize(
    ("strokes", "digit"), [(ZERO, "0"), (ONE, "1"), (THREE, "3"), (FOUR, "4"), (SEVEN, "7")], ids="01347"
)
def test_a_drawn_digit_is_read(visit: Callable[..., Visit], strokes: Sequence[Stroke], digit: str) -> None:
    one = visit()
    one.is_empty()
    one.draw(strokes)
    one.reads(digit)
    bars = one.page.get_by_role("list", name="Probability of each digit").get_by_role("listitem")
    expect(bars).to_have_count(10)
    expect(bars.nth(int(digit))).to_have_text(re.compile(rf"^{digit}\d\d%$"))
    expect(one.page.locator("#verdict")).to_have_text(re.compile("Certain|Very sure|Fairly sure"))
    share = bars.nth(int(digit)).locator(".share").text_content()
    expect(one.page.locator("#detail")).to_have_text(
        f"{share} sure"
    )  # one number, and no two roundings of it
    expect(one.page.locator("#seen")).to_be_visible()
    one.keep(f"digit-{digit}")


def test_the_answer_comes_while_the_pen_is_down(visit: Callable[..., Visit]) -> None:
    one = visit()
    above, _, below = one.points(ONE[0])
    one.page.mouse.move(*above)
    one.page.mouse.down()
    one.page.mouse.move(*below, steps=8)
    one.reads("1")
    one.page.mouse.up()


def test_undo_and_clear(visit: Callable[..., Visit]) -> None:
    one = visit()
    undo, clear = one.page.get_by_role("button", name="Undo"), one.page.get_by_role("button", name="Clear")
    expect(undo).to_be_disabled()
    expect(clear).to_be_disabled()
    one.draw(ONE)
    one.reads("1")
    one.draw(MAKES_IT_SEVEN)
    one.reads("7")
    undo.click()
    undo.click()
    one.reads("1")
    clear.click()
    one.is_empty()
    expect(clear).to_be_disabled()
    undo.click()  # a drawing that was cleared by mistake comes back
    one.reads("1")


def test_the_box_lies_around_the_ink(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.draw(ONE)
    one.reads("1")
    (_, top), _, (_, bottom) = one.points(ONE[0])
    box = one.box("#box")
    assert top - 25 < box["y"] < top
    assert bottom < box["y"] + box["height"] < bottom + 25


def test_the_old_answer_stays_until_the_new_one_is_there(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.draw(ONE)
    one.reads("1")
    one.watch("#digit")
    one.draw(MAKES_IT_SEVEN)
    one.reads("7")
    assert "" not in one.page.evaluate("window.watched")


def test_the_newest_drawing_is_asked_about_and_one_at_a_time(visit: Callable[..., Visit]) -> None:
    slow = """
        const ask = window.fetch;
        window.underWay = window.most = 0;
        window.fetch = async (path, options) => {
            window.most = Math.max(window.most, ++window.underWay);
            await new Promise((resolve) => setTimeout(resolve, 300));
            return ask(path, options).finally(() => window.underWay--);
        };
    """
    one = visit(before=slow)
    for _ in range(3):
        one.draw(ONE)
        one.page.keyboard.press("Control+z")
    one.draw(FOUR)
    one.reads("4")
    assert one.page.evaluate("window.most") == 1
    assert one.n_asked() < 8  # of the ten that a slow service would be behind with


def test_dark_ink_on_white_paper_is_sent_whatever_the_scheme(visit: Callable[..., Visit]) -> None:
    one = visit(color_scheme="dark", device_scale_factor=3)
    one.draw(SEVEN)
    one.reads("7")
    sent = PIL.Image.open(BytesIO(one.last_body())).convert("L")
    assert sent.width == 640
    assert sent.getpixel((2, 2)) == 255
    assert np.asarray(sent).min() < 60


def test_from_stroke_end_to_answer(visit: Callable[..., Visit], capsys: pytest.CaptureFixture[str]) -> None:
    one = visit()
    elapsed_ms = []
    for number in range(20):
        one.page.locator("#answer").evaluate("answer => delete answer.dataset.elapsedMs")
        one.draw((ONE, SEVEN, THREE)[number % 3])
        expect(one.page.locator("#answer")).to_have_attribute("data-elapsed-ms", re.compile(r"\d"))
        elapsed_ms.append(float(one.page.locator("#answer").get_attribute("data-elapsed-ms") or "nan"))
        one.page.keyboard.press("Escape")
        one.is_empty()
    median_ms = statistics.median(elapsed_ms)
    with capsys.disabled():
        sys.stdout.write(f" [stroke end to answer: {median_ms:.0f} ms, median of {len(elapsed_ms)}] ")
    assert median_ms < MOST_MS


# Pictures.


def _give(one: Visit, how: str, name: str) -> None:
    """Drop or paste a file, as the browser would say that somebody did."""
    kinds = {"drop": ("DragEvent", "dataTransfer"), "paste": ("ClipboardEvent", "clipboardData")}
    constructor, holder = kinds[how]
    one.page.evaluate(
        """([how, constructor, holder, name, content]) => {
            const given = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            given.items.add(new File([bytes], name, { type: "image/png" }));
            const options = { [holder]: given, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new window[constructor](how, options));
        }""",
        [how, constructor, holder, name, base64.b64encode((SAMPLES / name).read_bytes()).decode()],
    )


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(visit: Callable[..., Visit], how: str) -> None:
    one = visit()
    _give(one, how, "7_crossed_biro.png")
    one.reads("7")
    assert one.last_body() == (SAMPLES / "7_crossed_biro.png").read_bytes()


def test_what_is_no_file_is_not_taken(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.page.evaluate(
        """() => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", "seven");
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }"""
    )
    one.notices("no picture in the clipboard")
    assert one.n_asked() == 0


def test_a_picture_is_chosen_and_shown_with_its_box(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.draw(ONE)
    one.reads("1")
    one.page.locator("#file").set_input_files(SAMPLES / "8_thin_line_large_page.png")
    one.reads("8")
    expect(one.page.locator("#picture")).to_be_visible()
    expect(one.page.locator("#paper")).to_be_hidden()
    picture, box = one.box("#picture"), one.box("#box")
    assert picture["x"] <= box["x"]
    assert box["x"] + box["width"] <= picture["x"] + picture["width"]
    one.keep("picture")
    one.page.get_by_role("button", name="Draw").click()
    expect(one.page.locator("#paper")).to_be_visible()
    one.reads("1")


def test_a_still_of_the_camera_is_read(visit: Callable[..., Visit]) -> None:
    one = visit(permissions=["camera"])
    one.page.get_by_role("button", name="Camera").click()
    take = one.page.get_by_role("button", name="Take the picture")
    expect(take).to_be_enabled()
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#paper")).to_be_visible()
    assert one.page.locator("#video").evaluate("video => video.srcObject") is None
    one.page.get_by_role("button", name="Camera").click()
    take.click()
    expect(one.page.locator("#picture")).to_be_visible()
    expect(one.page.locator("#answer")).not_to_have_attribute("data-state", "empty")
    assert PIL.Image.open(BytesIO(one.last_body())).format == "JPEG"


def test_without_a_camera_none_is_offered(visit: Callable[..., Visit]) -> None:
    one = visit(before="navigator.mediaDevices.enumerateDevices = async () => [];")
    expect(one.page.get_by_role("button", name="Camera")).to_be_hidden()


# Whole numbers.


def _side_by_side(*digits: Sequence[Stroke]) -> list[list[tuple[float, float]]]:
    """The digits in a row, on a paper twice as wide as high."""
    return [
        [(0.06 + 0.2 * place + 0.3 * x, 0.2 + 0.6 * y) for x, y in stroke]
        for place, strokes in enumerate(digits)
        for stroke in strokes
    ]


def _reads_number(one: Visit, text: str) -> None:
    expect(one.page.locator("#numbers")).to_have_attribute("data-state", "read", timeout=20_000)
    expect(one.page.locator("#number b")).to_have_text(list(text))


@pytest.fixture
def page_of_numbers(tmp_path: Path) -> Path:
    page = PIL.Image.new("L", (420, 300), 250)
    for top, text in ((30, "407"), (180, "952")):
        font = PIL.ImageFont.load_default(64)
        PIL.ImageDraw.Draw(page).text((40, top), text, fill=20, font=font)
    page.save(tmp_path / "page.png")
    return tmp_path / "page.png"


def test_a_number_is_written_and_read(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.draw(ONE)
    one.reads("1")
    one.page.get_by_text("Numbers", exact=True).click()
    expect(one.page.locator("#number-verdict")).to_have_text("Waiting for ink")
    one.draw(_side_by_side(SEVEN, ZERO, THREE, FOUR), on="#sheet")
    _reads_number(one, "7034")
    expect(one.page.locator("#number-verdict")).to_have_text(re.compile("Very sure|Fairly sure|Unsure"))
    expect(one.page.locator("#number small").first).to_have_text(re.compile(r"^\d\d%$"))
    one.keep("number")
    one.page.get_by_text("One digit", exact=True).click()
    one.reads("1")  # each paper keeps its drawing


def test_the_runner_up_is_one_tap_away(visit: Callable[..., Visit]) -> None:
    one = visit()
    number = {
        **{"text": "75", "digits": "75", "confidence": 0.84, "refused": False, "reason": None, "line": 0},
        "box": [10, 10, 50, 40],
        "characters": [{"text": text, "confidence": 0.8, "box": [10, 10, 25, 40]} for text in "75"],
        "alternatives": [{"text": "15", "confidence": 0.12}],
    }
    one.page.route("**/v1/read*", lambda route: route.fulfill(json={"text": "75", "numbers": [number]}))
    one.page.get_by_text("Numbers", exact=True).click()
    one.draw(_side_by_side(SEVEN), on="#sheet")
    _reads_number(one, "75")
    expect(one.page.locator("#others")).to_be_hidden()
    one.page.get_by_role("button", name="or 15?").click()
    expect(one.page.locator("#others li")).to_have_text("1512%")


def test_numbers_of_a_page_stand_in_place_and_are_copied(
    visit: Callable[..., Visit], page_of_numbers: Path
) -> None:
    one = visit(permissions=["clipboard-read", "clipboard-write"])
    one.page.get_by_text("Numbers", exact=True).click()
    one.page.locator("#file").set_input_files(page_of_numbers)
    found = one.page.locator(".found")
    expect(found).to_have_text(["407", "952"])
    picture, above, below = one.box("#picture"), *(found.nth(number).bounding_box() for number in (0, 1))
    assert above is not None
    assert below is not None
    assert picture["y"] < above["y"] < above["y"] + above["height"] <= below["y"]
    found.nth(1).click()
    _reads_number(one, "952")
    assert one.page.evaluate("navigator.clipboard.readText()") == "952"
    one.page.get_by_role("button", name="Copy all").click()
    assert one.page.evaluate("navigator.clipboard.readText()") == "407\n952"
    one.keep("numbers")


def test_a_number_is_put_right_and_taken_back(
    visit: Callable[..., Visit], keeping_address: str, page_of_numbers: Path
) -> None:
    one = visit(keeping_address)
    one.page.get_by_text("Numbers", exact=True).click()
    one.page.locator("#file").set_input_files(page_of_numbers)
    _reads_number(one, "407")
    one.page.get_by_role("textbox", name="That is wrong: it was").fill("401")
    one.page.get_by_role("button", name="Keep").click()
    expect(one.page.locator("#number-thanks")).to_contain_text("It is kept as 401")
    part = PIL.Image.open(BytesIO(one.last_body()))  # of the page: the number, and little around it
    assert part.height < 150
    assert np.asarray(part.convert("L")).min() < 60
    one.page.locator("#number-take-back").click()
    expect(one.page.locator("#was")).to_be_visible()


# Refusals and failures.


def test_refusals_say_why(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.draw(SCRIBBLE)
    one.refuses("No digit")
    expect(one.page.locator("#bars-title")).to_have_text("Probability of each digit, if it were a digit")
    one.keep("refusal")
    one.page.keyboard.press("Escape")
    one.draw([[(0.12, 0.3), (0.12, 0.7)], [(0.85, 0.3), (0.85, 0.7)]])
    one.refuses("Several digits")
    one.page.locator("#file").set_input_files(SAMPLES / "blank.png")
    one.refuses("Nothing there")
    expect(one.page.locator("#box")).to_be_hidden()


def test_a_file_that_is_no_picture_leaves_the_drawing(visit: Callable[..., Visit], tmp_path: Path) -> None:
    one = visit()
    one.may_fail = True
    one.draw(ONE)
    one.reads("1")
    (tmp_path / "notes.txt").write_text("seven")
    one.page.locator("#file").set_input_files(tmp_path / "notes.txt")
    one.notices("expected a picture in one of the formats PNG")  # as the service says it
    one.reads("1")
    one.draw(MAKES_IT_SEVEN)
    one.reads("7")
    expect(one.page.get_by_role("alert")).to_be_hidden()


def test_a_picture_that_is_not_taken_is_named(visit: Callable[..., Visit], tmp_path: Path) -> None:
    one = visit()
    one.may_fail = True
    (tmp_path / "seven.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    one.page.locator("#file").set_input_files(tmp_path / "seven.heic")
    one.notices("HEIC")


def test_a_picture_that_is_too_large(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.may_fail = True
    one.page.route("**/v1/predict*", lambda route: route.fulfill(status=413))
    _give(one, "drop", "7_crossed_biro.png")
    one.notices("too large: at most 20 MB")


def test_a_busy_service_is_asked_once_more(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.may_fail = True
    asked = []

    def busy_at_first(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=429, headers={"Retry-After": "1"})
        else:
            route.continue_()

    one.page.route("**/v1/predict*", busy_at_first)
    _give(one, "drop", "7_crossed_biro.png")
    one.notices("busy")
    one.reads("7")
    expect(one.page.get_by_role("alert")).to_be_hidden()
    assert len(asked) == 2


def test_a_service_that_is_away_loses_no_drawing(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.may_fail = True
    one.page.route("**/v1/*", lambda route: route.abort())
    one.draw(SEVEN)
    one.notices("does not answer")
    expect(one.page.locator("#verdict")).to_have_text("No answer")
    one.page.unroute("**/v1/*")
    one.page.get_by_role("button", name="Try again").click()
    one.reads("7")
    expect(one.page.get_by_role("alert")).to_be_hidden()


# Corrections.


def test_corrections_are_off_and_the_page_says_so(visit: Callable[..., Visit]) -> None:
    one = visit()
    one.draw(ONE)
    one.reads("1")
    expect(one.page.locator("#storage")).to_have_text("Nothing that you draw or show is stored.")
    expect(one.page.get_by_role("group", name="That is wrong")).to_be_hidden()


def test_a_correction_is_stored_as_it_was_drawn(visit: Callable[..., Visit], tmp_path: Path) -> None:
    with serving("--corrections", str(tmp_path / "corrections")) as url:
        one = visit(url)
        expect(one.page.get_by_role("group", name="That is wrong")).to_be_hidden()
        one.draw(FOUR)
        one.reads("4")
        one.keep("corrections")
        wrong = one.page.get_by_role("group", name="That is wrong")
        expect(wrong.get_by_role("button", name="4")).to_be_disabled()  # it was read so
        wrong.get_by_role("button", name="9").click()
        expect(one.page.locator("#thanks")).to_contain_text("kept as a 9")
        (stored,) = tmp_path.rglob("*.png")
        assert stored.parent.name == "9"
        assert stored.read_bytes() == one.last_body()
        expect(wrong).to_be_hidden()


def test_a_correction_is_taken_back_and_given_anew(visit: Callable[..., Visit], tmp_path: Path) -> None:
    with serving("--corrections", str(tmp_path / "corrections")) as url:
        one = visit(url)
        one.draw(FOUR)
        one.reads("4")
        wrong = one.page.get_by_role("group", name="That is wrong")
        wrong.get_by_role("button", name="9").click()
        one.page.get_by_role("button", name="Take it back").click()
        expect(wrong).to_be_visible()
        assert list(tmp_path.rglob("*.png")) == []
        expect(wrong.get_by_role("button", name="4")).to_be_disabled()
        wrong.get_by_role("button", name="not a digit").click()
        expect(one.page.locator("#thanks")).to_contain_text("kept as “not a digit”")
        (stored,) = tmp_path.rglob("*.png")
        assert stored.parent.name == ".not_a_digit"
        one.draw(ONE)
        expect(one.page.locator("#thanks")).to_be_hidden()


PHONES = [(320, 568), (360, 740), (390, 664), (568, 320), (667, 375), (844, 390), (915, 412)]


@pytest.mark.parametrize(("width", "height"), PHONES)
def test_a_phone_shows_the_answer_and_the_correction(
    visit: Callable[..., Visit], keeping_address: str, width: int, height: int
) -> None:
    size = {"width": width, "height": height}
    one = visit(keeping_address, viewport=size, device_scale_factor=2, is_mobile=True, has_touch=True)
    one.draw(FOUR)
    one.reads("4")
    assert one.page.evaluate("[document.documentElement.scrollWidth, window.scrollY]") == [width, 0]
    for part in ("#stage", "#undo", "#choose", "#digit", "#detail", "#labels", "#correction-title"):
        box = one.box(part)
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= height, part
        assert box["x"] + box["width"] <= width, part
    one.keep(f"phone-{width}x{height}")


def test_a_large_screen_is_used(visit: Callable[..., Visit]) -> None:
    def share_of(width: int, height: int) -> float:
        one = visit(viewport={"width": width, "height": height})
        one.keep(f"screen-{width}x{height}")
        return one.box("main")["width"] / width

    assert share_of(2560, 1440) > 0.5
    assert share_of(3840, 2160) > 0.4


# Who can use it.


def _contrast(one: Visit, selector: str) -> float:
    """The contrast of a text with what lies behind it, as WCAG 2.2 defines it."""
    colours = one.page.locator(selector).first.evaluate(
        """(element) => {
            const behind = (node) => {
                const colour = getComputedStyle(node).backgroundColor;
                return colour === "rgba(0, 0, 0, 0)" ? behind(node.parentElement) : colour;
            };
            return [getComputedStyle(element).color, behind(element)];
        }"""
    )
    dark, light = sorted(map(_luminance, colours))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_in_both_schemes(visit: Callable[..., Visit], scheme: str) -> None:
    one = visit(color_scheme=scheme)
    texts = [
        "h1",
        ".mode input:checked + span",
        ".mode input:not(:checked) + span",
        ".hint",
        "#verdict",
        "#detail",
        "figcaption",
        "#bars-title",
        "#choose",
        "#undo",
    ]
    texts += [".bars .label", "#storage", "#service", "#notice-text"]
    low = {text: ratio for text in texts if (ratio := _contrast(one, text)) < 4.5}
    one.keep(f"empty-{scheme}")
    one.draw(SEVEN)
    one.reads("7")
    one.page.mouse.move(1, 1)
    one.page.wait_for_timeout(200)  # colours have come to rest
    read = ["#digit", ".bars [data-read] .share", ".bars [data-read] .label", "#undo"]
    low |= {text: ratio for text in read if (ratio := _contrast(one, text)) < 4.5}
    assert low == {}
    one.keep(f"desktop-{scheme}")


def test_a_finger_on_a_phone(visit: Callable[..., Visit]) -> None:
    phone = {"width": 360, "height": 740}
    one = visit(viewport=phone, device_scale_factor=3, is_mobile=True, has_touch=True)
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    touch = one.page.context.new_cdp_session(one.page)
    kinds = ["touchStart"] + ["touchMove"] * (len(THREE[0]) - 1)
    for kind, (x, y) in zip(kinds, one.points(THREE[0]), strict=True):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    one.reads("3")
    assert one.page.evaluate("window.scrollY") == 0
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    digit = one.box("#digit")
    assert digit["y"] + digit["height"] < phone["height"]  # the answer is seen without scrolling
    one.keep("phone")


def test_the_keyboard_reaches_everything(visit: Callable[..., Visit]) -> None:
    one = visit()
    # From the start: where the browser is told of it late, it has opened a dialog of its own.
    one.page.on("filechooser", lambda chooser: chooser.set_files(SAMPLES / "7_crossed_biro.png"))
    one.draw(ONE)
    one.draw(MAKES_IT_SEVEN)
    one.reads("7")
    reached = []
    for _ in range(4):
        one.page.keyboard.press("Tab")
        reached.append(one.page.evaluate("document.activeElement.id"))
        assert one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["undo", "clear", "choose", "open-camera"]
    one.page.keyboard.press("Control+z")
    one.page.keyboard.press("Control+z")
    one.reads("1")
    one.page.keyboard.press("Escape")
    one.is_empty()
    one.page.keyboard.press("Control+z")
    one.page.keyboard.press("Delete")
    one.is_empty()
    one.page.keyboard.press("Shift+Tab")
    expect(one.page.locator("#choose")).to_be_focused()
    one.page.keyboard.press("Enter")
    one.reads("7")
    one.page.keyboard.press("Escape")
    expect(one.page.locator("#paper")).to_be_visible()


def test_a_screen_reader_hears_the_answer_that_stayed(visit: Callable[..., Visit]) -> None:
    one = visit()
    spoken = one.page.locator("[aria-live=polite]")
    one.watch("#spoken")
    one.draw(ONE)
    one.draw(MAKES_IT_SEVEN)
    expect(spoken).to_have_text(re.compile(r"^Seven, \d\d percent$"))
    assert len(one.page.evaluate("window.watched")) <= 2  # that it waited for ink, and the seven
    one.page.keyboard.press("Escape")
    one.draw(SCRIBBLE)
    expect(spoken).to_have_text("No digit. It looks like something else.")


def test_nothing_moves_for_who_wants_it_so(visit: Callable[..., Visit]) -> None:
    one = visit(reduced_motion="reduce")
    assert (
        one.page.locator(".fill").first.evaluate("fill => getComputedStyle(fill).transitionDuration") == "0s"
    )
