"""The recognizer: every way in gives one answer, one bad picture stops nothing, threads may share it."""

from __future__ import annotations

import io
import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import inkdigits.reading.recognizer
from inkdigits.errors import ImageError, ModelError
from inkdigits.normalizer import NORMALIZER_VERSION
from inkdigits.pictures.images import InputLimits
from inkdigits.pictures.walking import find_images
from inkdigits.reading.model_file import bundled_model
from inkdigits.reading.recognizer import ImageSource, Recognizer
from inkdigits.results import Prediction

SAMPLES = Path(inkdigits.__file__).parent / "samples"
DIGITS = range(10)
CHUNK = 32  # how far predict_many may read ahead


def drawing(digit: int) -> Image.Image:
    """A printed digit, off the middle of a page of 160x200; a 1 is a plain stroke, as in MNIST."""
    page = Image.new("L", (160, 200), 250)
    draw = ImageDraw.Draw(page)
    if digit == 1:
        draw.line((55, 130, 63, 40), fill=20, width=14)
    else:
        draw.text((30, 10), str(digit), fill=20, font=ImageFont.load_default(120))
    return page


def encoded(picture: Image.Image, of_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, of_format, **options)
    return buffer.getvalue()


def as_in_mnist(recognizer: Recognizer, digits: Iterator[int] | range = DIGITS) -> NDArray[np.uint8]:
    """Printed digits in MNIST's own form, (N, 28, 28)."""
    inks = [recognizer.examine(drawing(digit)).normalized.ink for digit in digits]
    return np.rint(np.stack(inks) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer()


# One picture.


@pytest.mark.parametrize("inverted", [False, True])
def test_a_striped_picture_of_mnists_form(recognizer: Recognizer, inverted: bool) -> None:
    """Who looks for ink takes the stripes for it: nine in ten of such pictures were refused."""
    pictures = as_in_mnist(recognizer)
    for columns in (np.s_[:6], np.s_[-6:]):
        pictures[:, :, columns] = 255 - pictures[:, :, columns]
    read = [recognizer.predict(255 - each if inverted else each).digit for each in pictures]
    assert sum(a == b for a, b in zip(read, DIGITS, strict=True)) >= 8


@pytest.mark.parametrize("digit", DIGITS)
def test_it_reads_print(recognizer: Recognizer, digit: int) -> None:
    prediction = recognizer.predict(drawing(digit))
    assert prediction.digit == digit
    assert prediction.confidence == max(prediction.probabilities) == prediction.probabilities[digit]
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
    assert (prediction.refused, prediction.reason) == (False, None)
    assert prediction.box is not None
    assert 20 < prediction.box.left < 60
    assert 60 < prediction.box.height < 120


def test_every_way_in_gives_the_same_answer(recognizer: Recognizer, tmp_path: Path) -> None:
    picture = drawing(4)
    path = tmp_path / "four.png"
    path.write_bytes(encoded(picture))
    grey = np.asarray(picture)
    sources: dict[str, ImageSource] = {
        "text": str(path),
        "bytes": path.read_bytes(),
        "Pillow": picture,
        "Pillow, RGB": picture.convert("RGB"),
        "grey array": grey,
        "array with one channel": grey[:, :, None],
        "RGB array": np.stack([grey] * 3, axis=2),
        "RGBA array": np.asarray(picture.convert("RGBA")),
        "floats": grey.astype(np.float32) / 255,
        "array that is not contiguous": np.asfortranarray(grey),
    }
    expected = recognizer.predict(path)
    assert expected.digit == 4
    for way, source in sources.items():
        assert recognizer.predict(source) == expected, way


def test_all_eight_exif_orientations_give_one_answer(recognizer: Recognizer) -> None:
    upright = drawing(7)
    # What a camera stores for each orientation: the inverse of what a viewer then does.
    stored = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }
    answers = set()
    for orientation, picture in stored.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        answers.add(recognizer.predict(encoded(picture, exif=exif)))
    assert len(answers) == 1
    assert answers.pop().digit == 7


@pytest.mark.parametrize("path", list(find_images([SAMPLES])), ids=lambda path: path.stem)
def test_the_samples_are_read_right(recognizer: Recognizer, path: Path) -> None:
    expected = int(path.name[0]) if path.name[0].isdigit() else None
    assert recognizer.predict(path).digit == expected


@pytest.mark.parametrize(
    "page",
    [np.full((90, 70), 255, np.uint8), np.zeros((300, 500), np.uint8), np.full((28, 28), 128, np.uint8)],
    ids=["white", "black", "grey"],
)
def test_a_blank_page_is_refused(recognizer: Recognizer, page: NDArray[np.uint8]) -> None:
    prediction = recognizer.predict(page)
    assert (prediction.digit, prediction.confidence) == (None, 0.0)
    assert (prediction.refused, prediction.reason, prediction.box) == (True, "blank", None)
    assert len(prediction.probabilities) == 10
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
    json.dumps(prediction.to_json())


def test_the_limits_are_kept() -> None:
    strict = Recognizer(limits=InputLimits(max_pixels=1000))
    with pytest.raises(ImageError, match="at most 1000 pixels"):
        strict.predict(drawing(3))


def test_an_examination_shows_what_led_to_the_answer(recognizer: Recognizer) -> None:
    picture = drawing(2)
    examination = recognizer.examine(picture)
    assert examination.prediction == recognizer.predict(picture)
    np.testing.assert_array_equal(examination.page, np.asarray(picture))
    assert examination.normalized.box == examination.prediction.box
    assert examination.normalized.ink.shape == (28, 28)


# Many pictures.


def test_many_are_examined_as_one_is(recognizer: Recognizer) -> None:
    pictures = [encoded(drawing(digit)) for digit in DIGITS]
    found = list(recognizer.examine_many([b"no picture", *pictures, b"no picture"]))
    assert isinstance(found[0], ImageError)
    assert isinstance(found[-1], ImageError)
    for one, picture in zip(found[1:-1], pictures, strict=True):
        assert not isinstance(one, ImageError)
        alone = recognizer.examine(picture)
        np.testing.assert_array_equal(one.page, alone.page)
        np.testing.assert_array_equal(one.normalized.ink, alone.normalized.ink)
        assert one.prediction.label == alone.prediction.label


def test_many_pictures_keep_their_order(recognizer: Recognizer) -> None:
    order = [int(digit) for digit in np.random.default_rng(0).integers(0, 10, 3 * CHUNK + 5)]
    answers = list(recognizer.predict_many(drawing(digit) for digit in order))
    assert [answer.digit for answer in answers if isinstance(answer, Prediction)] == order


@pytest.mark.parametrize("n_threads", [None, 1, 3])
def test_many_answers_are_those_of_one_at_a_time(recognizer: Recognizer, n_threads: int | None) -> None:
    pictures = [drawing(digit) for digit in DIGITS]
    many = recognizer.predict_many(pictures, n_threads=n_threads)
    for together, alone in zip(many, map(recognizer.predict, pictures), strict=True):
        assert isinstance(together, Prediction)
        assert (together.digit, together.box) == (alone.digit, alone.box)
        # The network may sum in another order in a batch.
        assert together.probabilities == pytest.approx(alone.probabilities, abs=1e-5)


def test_one_bad_picture_stops_nothing(recognizer: Recognizer, tmp_path: Path) -> None:
    missing = tmp_path / "missing.png"
    first, bad, absent, last = recognizer.predict_many([drawing(1), b"no picture", missing, drawing(9)])
    assert isinstance(bad, ImageError)
    assert isinstance(absent, ImageError)
    assert str(missing) in str(absent)
    assert isinstance(first, Prediction)
    assert isinstance(last, Prediction)
    assert (first.digit, last.digit) == (1, 9)


def test_only_bad_pictures_and_none_at_all(recognizer: Recognizer) -> None:
    assert all(isinstance(answer, ImageError) for answer in recognizer.predict_many([b"1", b"2"]))
    assert list(recognizer.predict_many([])) == []


def test_no_more_than_a_chunk_is_taken_ahead(recognizer: Recognizer) -> None:
    taken = 0

    def endless() -> Iterator[Image.Image]:
        nonlocal taken
        for digit in itertools.cycle(DIGITS):
            taken += 1
            yield drawing(digit)

    answers = recognizer.predict_many(endless())
    assert taken == 0
    for answered in range(1, 2 * CHUNK):
        next(answers)
        assert answered <= taken < answered + CHUNK
    n_threads = threading.active_count()
    answers.close()  # type: ignore[attr-defined]
    assert threading.active_count() < n_threads


# Images as in MNIST.


def test_classify_agrees_with_predict(recognizer: Recognizer) -> None:
    images = as_in_mnist(recognizer)
    probabilities = recognizer.classify(images)
    assert probabilities.shape == (10, 10)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    for image, row, digit in zip(images, probabilities, DIGITS, strict=True):
        prediction = recognizer.predict(image)
        assert prediction.digit == row.argmax() == digit
        np.testing.assert_allclose(prediction.probabilities, row, atol=1e-3)


def test_classify_takes_any_number_of_images(recognizer: Recognizer) -> None:
    images = as_in_mnist(recognizer)
    many = np.tile(images, (121, 1, 1))  # 1,210: more than two batches, the last one not full
    probabilities = recognizer.classify(many)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), np.tile(np.arange(10), 121))
    assert recognizer.classify(images[:1]).shape == (1, 10)
    assert recognizer.classify(images[:0]).shape == (0, 10)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros(784, np.uint8),
        np.uint8(3),
        np.zeros((3, 28, 28, 3), np.uint8),
        np.zeros((28, 28, 3), np.uint8),
        np.zeros((3, 1, 784), np.uint8),
        np.zeros((3, 32, 32), np.uint8),
        np.zeros((3, 28, 28), bool),
        np.zeros((3, 28, 28), np.float32),
        np.zeros((3, 28, 28), np.int64),
        [[0] * 28] * 28,
    ],
    ids=[
        *(
            "one image",
            "one flat image",
            "a number",
            "colours",
            "colours first",
            "a row",
            "other size",
            "mask",
        ),
        *("floats", "integers", "a list"),
    ],
)
def test_classify_refuses_anything_else(recognizer: Recognizer, images: NDArray[np.uint8]) -> None:
    with pytest.raises(ImageError, match=r"\(N, 28, 28\).*uint8.*found shape ") as refused:
        recognizer.classify(images)
    assert any(word in refused.value.remedy for word in ("predict()", "images[None]", ".astype(numpy.uint8)"))


@pytest.mark.parametrize("shape", [(-1, 1, 28, 28), (-1, 28, 28, 1), (-1, 784)])
def test_classify_takes_images_with_a_channel_and_flat_ones(
    recognizer: Recognizer, shape: tuple[int, ...]
) -> None:
    images = as_in_mnist(recognizer)
    np.testing.assert_array_equal(recognizer.classify(images.reshape(shape)), recognizer.classify(images))


# One recognizer, many threads.


def test_eight_threads_share_one_recognizer(recognizer: Recognizer) -> None:
    pictures = [drawing(digit) for digit in DIGITS]
    expected = [recognizer.predict(picture) for picture in pictures]
    start = threading.Barrier(8)

    def read_them_all(_: int) -> list[Prediction]:
        start.wait()
        return [recognizer.predict(picture) for picture in pictures]

    with ThreadPoolExecutor(8) as pool:
        for answers in pool.map(read_them_all, range(8)):
            assert answers == expected


# Models.


def with_normalizer_version(version: int) -> bytes:
    model = onnx.load_from_string(bundled_model())
    (entry,) = (entry for entry in model.metadata_props if entry.key == "inkdigits")
    entry.value = json.dumps(json.loads(entry.value) | {"normalizer_version": version})
    return bytes(model.SerializeToString())


def test_a_model_for_another_normaliser_is_refused(tmp_path: Path) -> None:
    other = with_normalizer_version(NORMALIZER_VERSION + 1)
    path = tmp_path / "other.onnx"
    path.write_bytes(other)
    for model in (other, path, str(path)):
        with pytest.raises(ModelError, match=f"version {NORMALIZER_VERSION} of the normaliser") as caught:
            Recognizer(model)
        assert f"version {NORMALIZER_VERSION + 1}" in caught.value.found
    assert str(path) in str(caught.value)


def test_a_model_comes_as_bytes_or_by_its_path(recognizer: Recognizer, tmp_path: Path) -> None:
    path = tmp_path / "copy.onnx"
    path.write_bytes(bundled_model())
    expected = recognizer.predict(drawing(6))
    for model in (path.read_bytes(), path, str(path)):
        assert Recognizer(model).predict(drawing(6)) == expected


def test_the_number_of_threads_does_not_change_the_answer(recognizer: Recognizer) -> None:
    many = Recognizer(n_threads=2).predict(drawing(5))
    assert many.probabilities == pytest.approx(recognizer.predict(drawing(5)).probabilities, abs=1e-5)


def test_a_model_that_is_not_there_or_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing\.onnx"):
        Recognizer("missing.onnx")
    with pytest.raises(ModelError):
        Recognizer(tmp_path)
    with pytest.raises(ModelError):
        Recognizer(b"not a model")
    with pytest.raises(ModelError):
        Recognizer(b"")
