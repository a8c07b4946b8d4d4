"""Corrections: whole or not at all, bounded, and really what training reads."""

from __future__ import annotations

import io
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inkdigits.datasets import DIGITS, Dataset, Split, combine, load
from inkdigits.errors import ConfigError, ImageError
from inkdigits.files import write_whole
from inkdigits.pictures.images import InputLimits
from inkdigits.synthesis.strings import write_line
from inkdigits.training.number_corpus import read_hands
from inkdigits.web.corrections import CorrectionsFull, CorrectionStore

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "GIF": ".gif", "TIFF": ".tif"}


def picture(of_format: str = "PNG", *, left: int = 30) -> bytes:
    """A bar on paper; further left or right for another picture of the same thing."""
    image = Image.new("L", (80, 100), 250)
    ImageDraw.Draw(image).line((left, 20, left + 6, 80), fill=20, width=7)
    buffer = io.BytesIO()
    image.save(buffer, of_format)
    return buffer.getvalue()


def store(folder: Path, *, max_pictures: int = 10_000, max_bytes: int = 500_000_000) -> CorrectionStore:
    return CorrectionStore(folder, class_names=DIGITS, max_pictures=max_pictures, max_bytes=max_bytes)


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Not made yet, and by its name not for testing, as the folders of pytest are."""
    return tmp_path / "corrections"


# What is stored.


def test_training_reads_what_was_stored_with_the_right_labels(folder: Path) -> None:
    corrections = store(folder)
    labels = [4, 9, 4, 0]
    counts = [
        corrections.add(picture(left=20 + 4 * i), str(label)).n_stored for i, label in enumerate(labels)
    ]
    assert counts == [1, 2, 3, 4]
    dataset = load(folder)
    assert dataset.test is None
    assert dataset.train is not None
    assert dataset.train.labels is not None
    assert sorted(dataset.train.labels.tolist()) == sorted(labels)
    assert dataset.class_names == DIGITS
    assert (dataset.train.images.max(axis=(1, 2)) > 200).all()
    others = Dataset("others", Split(np.zeros((1, 28, 28), np.uint8), np.array([7])), None)
    joined = combine([others, dataset]).train
    assert joined is not None
    assert joined.labels is not None
    assert joined.labels.tolist() == [7, 0, 4, 4, 9]


@pytest.mark.parametrize("of_format", SUFFIXES)
def test_the_content_decides_the_suffix_and_is_kept_as_it_came(folder: Path, of_format: str) -> None:
    content = picture(of_format)
    store(folder).add(content, "1")
    (stored,) = files_in(folder)
    assert stored.parent == folder / "1"
    assert stored.suffix == SUFFIXES[of_format]
    assert stored.read_bytes() == content
    stamp, _, random = stored.stem.partition("-")
    datetime.strptime(stamp, "%Y%m%dT%H%M%S")
    assert len(random) == 16
    train = load(folder).train
    assert train is not None
    assert len(train) == 1, "readers of folders go by the suffix"


def test_classes_other_than_digits(folder: Path) -> None:
    corrections = CorrectionStore(folder, class_names=("alpha", "beta", "ガンマ"))
    for label in ("beta", "alpha", "ガンマ", "beta"):
        corrections.add(picture(), label)
    dataset = load(folder)
    assert dataset.class_names == ("alpha", "beta", "ガンマ")
    assert dataset.train is not None
    assert dataset.train.labels is not None
    assert dataset.train.labels.tolist() == [0, 1, 1, 2]
    with pytest.raises(ConfigError, match="one of alpha, beta"):
        corrections.add(picture(), "4")


def test_the_same_picture_twice_is_two_files(folder: Path) -> None:
    corrections = store(folder)
    assert [corrections.add(picture(), "1").n_stored for _ in range(20)] == list(range(1, 21))
    assert len(files_in(folder)) == 20


# What is refused.


@pytest.mark.parametrize(
    "label",
    ["../x", "..", "", "/etc", "4/../../x", "4\0", "10", " 4", "four", "４", ".unfinished-4", "x" * 9_999],
)
def test_a_label_that_is_no_class_leaves_no_trace(folder: Path, tmp_path: Path, label: str) -> None:
    corrections = store(folder)
    with pytest.raises(ConfigError) as caught:
        corrections.add(picture(), label)
    assert len(str(caught.value)) < 200
    assert [path.name for path in tmp_path.rglob("*")] == ["corrections"]


@pytest.mark.parametrize(
    "content",
    [b"", b"BM", b"RIFF", b"hello", picture()[:-20], picture("JPEG")[:100], b"GIF89a", b"<svg/>", b"II*\0"],
)
def test_what_is_no_picture_is_not_stored(folder: Path, content: bytes) -> None:
    corrections = store(folder)
    with pytest.raises(ImageError):
        corrections.add(content, "4")
    assert not files_in(folder)


def test_a_blank_page_is_not_stored(folder: Path) -> None:
    buffer = io.BytesIO()
    Image.new("L", (80, 80), 255).save(buffer, "PNG")
    corrections = store(folder)
    with pytest.raises(ImageError, match="a blank page"):  # training would leave it out
        corrections.add(buffer.getvalue(), "4")
    assert not files_in(folder)


def test_the_limits_of_pictures_hold_here_too(folder: Path) -> None:
    small = CorrectionStore(folder, class_names=DIGITS, limits=InputLimits(max_pixels=7_999))
    with pytest.raises(ImageError, match="80x100"):
        small.add(picture(), "4")


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "..",
        ".",
        "",
        ".hidden",
        "a/b",
        "a\\b",
        "a\0b",
        "a\n",
        "c:",
        "trailing.",
        " x",
        "test",
        "x" * 300,
    ],
)
def test_a_class_that_cannot_be_a_folder_is_refused_at_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="can be names of folders"):
        CorrectionStore(tmp_path / "corrections", class_names=("alpha", name))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file", tmp_path / "file" / "corrections"):
        with pytest.raises(ConfigError, match="a folder that can be written"):
            store(path)


def test_a_folder_that_would_be_read_as_test_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="are for testing"):
        store(tmp_path / "test_corrections")
    store(tmp_path / "latest").add(picture(), "1")
    assert load(tmp_path / "latest").train is not None


@pytest.mark.parametrize(("max_pictures", "max_bytes"), [(0, 10), (10, 0), (-1, -1)])
def test_bounds_are_positive(folder: Path, max_pictures: int, max_bytes: int) -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        store(folder, max_pictures=max_pictures, max_bytes=max_bytes)


# The bounds.


def test_number_is_bounded_and_room_can_be_made(folder: Path) -> None:
    corrections = store(folder, max_pictures=2)
    corrections.add(picture(), "4")
    corrections.add(picture(), "9")
    with pytest.raises(CorrectionsFull, match="at most 2 pictures") as caught:
        corrections.add(picture(), "4")
    assert str(folder) not in str(caught.value)
    assert len(files_in(folder)) == 2
    files_in(folder)[0].unlink()
    assert corrections.add(picture(), "4").n_stored == 2


def test_bytes_are_bounded_and_all_that_is_there_counts(folder: Path) -> None:
    content = picture()
    (folder / "7").mkdir(parents=True)
    (folder / "7" / ".unfinished-x").write_bytes(b"\0" * 1_000)  # of a process that was killed
    corrections = store(folder, max_bytes=1_000 + 2 * len(content))
    assert corrections.add(content, "4").n_stored == 1
    assert corrections.add(content, "4").n_stored == 2
    with pytest.raises(CorrectionsFull, match="bytes"):
        corrections.add(content, "9")
    assert len(files_in(folder)) == 3


def test_the_folder_is_bounded_over_restarts(folder: Path) -> None:
    store(folder, max_pictures=1).add(picture(), "4")
    with pytest.raises(CorrectionsFull):
        store(folder, max_pictures=1).add(picture(), "4")


# Whole or not at all.


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_write_leaves_nothing_and_says_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    corrections = store(folder)
    corrections.add(picture(), "4")

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"inkdigits.files.os.{call}", fail)
        with pytest.raises(CorrectionsFull, match="No space left") as caught:
            corrections.add(picture(), "9")
    assert str(folder) not in str(caught.value)
    assert len(files_in(folder)) == 1
    assert corrections.add(picture(), "9").n_stored == 2, "the next one goes on"


def test_a_folder_that_went_away_is_said(folder: Path) -> None:
    corrections = store(folder)
    (folder).rmdir()
    with pytest.raises(CorrectionsFull, match="No such file"):
        corrections.add(picture(), "4")
    (folder).mkdir()
    (folder / "4").write_bytes(b"")
    with pytest.raises(CorrectionsFull, match="takes another picture"):
        corrections.add(picture(), "4")


def test_who_reads_meanwhile_sees_whole_pictures_only(folder: Path) -> None:
    corrections = store(folder)
    corrections.add(picture("BMP"), "4")
    with ThreadPoolExecutor(1) as pool:
        adding = [pool.submit(corrections.add, picture("BMP"), "4") for _ in range(100)]
        sizes = []
        while not adding[-1].done():
            train = load(folder).train  # fails on a picture that is cut short
            assert train is not None
            sizes.append(len(train))
    assert len(files_in(folder)) == 101
    assert sizes == sorted(sizes)
    assert sizes


# Several at once.


def test_threads_share_the_bound_to_the_last_picture(folder: Path) -> None:
    corrections = store(folder, max_pictures=25)
    start = threading.Barrier(8)

    def add_ten(thread: int) -> list[int]:
        start.wait()
        counts = []
        for _ in range(10):
            try:
                counts.append(corrections.add(picture(), str(thread)).n_stored)
            except CorrectionsFull:
                break
        return counts

    with ThreadPoolExecutor(8) as pool:
        counts = sorted(count for several in pool.map(add_ten, range(8)) for count in several)
    assert counts == list(range(1, 26)), "every count was handed out once"
    assert len(files_in(folder)) == 25


def _add_until_full(folder: Path, label: str) -> int:
    corrections = store(folder, max_pictures=30)
    n_added = 0
    for _ in range(30):
        try:
            corrections.add(picture(), label)
        except CorrectionsFull:
            continue
        n_added += 1
    return n_added


@pytest.mark.skipif(os.name != "posix", reason="spawned workers cannot import tests elsewhere")
def test_processes_share_the_bound(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        added = pool.starmap(_add_until_full, [(folder, "3"), (folder, "5")])
    assert sum(added) == len(files_in(folder)) <= 30
    assert sum(added) >= 29, "two that meet at the last place may both step back"


def test_a_picture_of_another_process_at_the_last_moment_is_given_way(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrections = store(folder, max_pictures=1)

    def write_after_another(path: Path, content: bytes) -> None:
        write_whole(path.with_name("another.png"), content)
        write_whole(path, content)

    monkeypatch.setattr("inkdigits.web.corrections.write_whole", write_after_another)
    with pytest.raises(CorrectionsFull):
        corrections.add(picture(), "4")
    assert [path.name for path in files_in(folder)] == ["another.png"]


def test_random_bytes_never_get_in(folder: Path) -> None:
    corrections = store(folder)
    generator = np.random.default_rng(0)
    content = bytearray(picture("JPEG"))
    for _ in range(50):
        damaged = bytearray(content)
        for at in generator.integers(0, len(content), 20):
            damaged[at] = int(generator.integers(256))
        try:
            corrections.add(bytes(damaged), "4")
        except ImageError:
            continue
    if files_in(folder):  # what got in can be read
        assert load(folder).train is not None


# Non-digits, and second thoughts.


def test_non_digits_are_kept_where_training_does_not_take_them_for_a_class(folder: Path) -> None:
    corrections = store(folder)
    for label in ("4", "9", "not_a_digit"):
        corrections.add(picture(), label)
    assert corrections.count() == 3
    assert sorted(load(folder).class_names) == sorted("0123456789")
    for part, n_images in [(load(folder).train, 2), (load(folder / ".not_a_digit").train, 1)]:
        assert part is not None
        assert len(part.images) == n_images


def test_a_model_may_have_such_a_class_itself(folder: Path) -> None:
    CorrectionStore(folder, class_names=("digit", "not_a_digit")).add(picture(), "not_a_digit")
    assert [path.parent.name for path in folder.rglob("*.png")] == ["not_a_digit"]


def test_what_was_stored_can_be_taken_back_once(folder: Path) -> None:
    corrections = store(folder)
    kept = [corrections.add(picture(), label) for label in ("4", "not_a_digit")]
    assert [corrections.remove(one.id) for one in kept] == [True, True]
    assert corrections.remove(kept[0].id) is False
    assert corrections.count() == 0


@pytest.mark.parametrize(
    "correction_id", ["", "..", "../4/notes.txt", "notes.txt", "20260131T142501-" + "0" * 16 + ".png"]
)
def test_nothing_else_is_taken_away(folder: Path, correction_id: str) -> None:
    corrections = store(folder)
    corrections.add(picture(), "4")
    (folder / "4" / "notes.txt").write_text("mine")
    assert corrections.remove(correction_id) is False
    assert len(list((folder / "4").iterdir())) == 2


# Whole numbers.


def test_training_on_numbers_writes_with_what_was_stored(tmp_path: Path) -> None:
    corrections = store(tmp_path / "corrections")
    kept = [corrections.add_number(picture(left=20 + 4 * i), text) for i, text in enumerate(["1", "1", "1."])]
    assert [one.n_stored for one in kept] == [1, 2, 3]
    hands = read_hands(tmp_path)
    assert sorted(text for hand in hands for text, _ in hand.strings) == ["1", "1", "1."]
    line = write_line(hands[0], np.random.default_rng(0))
    assert line.label == hands[0].strings[0][0]
    assert line.ink.max() > 0.7 * 255  # no pen is fainter
    assert corrections.remove(kept[0].id)
    assert corrections.count() == 2
    assert len(files_in(tmp_path)) == 4  # two pictures, and what they say
    corrections.add(picture(), "1")
    digits = load(tmp_path / "corrections").train
    assert digits is not None
    assert len(digits.images) == 1  # numbers are no digits


@pytest.mark.parametrize("text", ["", "..", "12a", "1 2", "1" * 41, "٣"])
def test_a_text_that_is_no_number(folder: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="as it stands in the picture"):
        store(folder).add_number(picture(), text)
    assert not files_in(folder)


def test_a_blank_number_is_not_kept(folder: Path) -> None:
    with pytest.raises(ImageError, match="ink on it"):
        store(folder).add_number(picture(left=200), "1")
