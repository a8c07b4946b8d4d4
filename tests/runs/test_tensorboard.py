"""TensorBoard's event files: read back record by record, by the format's own definition."""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inkdigits.errors import MissingExtraError, TrainingError
from inkdigits.files import remove_leftovers
from inkdigits.runs.folder import RunFolder
from inkdigits.runs.tensorboard import write_events

if TYPE_CHECKING:
    from inkdigits.training.loop import RunResult

HISTORY = (
    "epoch,loss,accuracy,validation_loss,validation_accuracy,images_per_second\n"
    "1,0.5,0.75,0.375,0.875,100.0\n"
    "2,0.25,0.9375,0.125,0.96875,300.0\n"
)
FIGURES = {"interrupted": False, "test_accuracy": 0.953125, "test_loss": 0.1875}

Points = list[tuple[int, str, float]]  # epoch, tag, value


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A complete run of two epochs, by hand; its figures are exact in single precision."""
    folder = tmp_path / "cnn-1"
    folder.mkdir()
    (folder / "history.csv").write_text(HISTORY, encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(FIGURES), encoding="utf-8")
    os.utime(folder / "history.csv", (1_700_000_000, 1_700_000_000))
    return folder


def crc32c(content: bytes) -> int:
    """The checksum of Castagnoli, bit by bit, as TFRecord masks it."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_records(path: Path) -> list[bytes]:
    """The records of a TFRecord file: length, its checksum, content, its checksum."""
    content, records = path.read_bytes(), []
    while content:
        length, length_crc = struct.unpack("<QI", content[:12])
        record, (record_crc,) = content[12 : 12 + length], struct.unpack("<I", content[12 + length :][:4])
        assert (length_crc, record_crc) == (crc32c(content[:8]), crc32c(record))
        records.append(record)
        content = content[16 + length :]
    return records


def read_curve(folder: Path) -> Points:
    """The points of the one event file in a folder."""
    from tensorboardX.proto.event_pb2 import Event

    (path,) = folder.iterdir()
    assert "tfevents" in path.name, "TensorBoard looks for files of this name"
    first, *events = [Event.FromString(record) for record in read_records(path)]
    assert first.file_version == "brain.Event:2"
    return [(event.step, value.tag, value.simple_value) for event in events for value in event.summary.value]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_curve_for_training_and_one_for_validation(run: Path) -> None:
    folder = write_events(RunFolder(run))
    assert folder == run / "tensorboard"
    assert {path.name for path in folder.iterdir()} == {"training", "validation", "test"}
    assert read_curve(folder / "training") == [
        *((1, "loss", 0.5), (1, "accuracy", 0.75), (1, "images_per_second", 100.0)),
        *((2, "loss", 0.25), (2, "accuracy", 0.9375), (2, "images_per_second", 300.0)),
    ]
    assert read_curve(folder / "validation") == [
        *((1, "loss", 0.375), (1, "accuracy", 0.875)),
        *((2, "loss", 0.125), (2, "accuracy", 0.96875)),
    ]
    assert read_curve(folder / "test") == [(2, "loss", 0.1875), (2, "accuracy", 0.953125)]


def test_the_same_history_gives_the_same_files(run: Path) -> None:
    before = contents(write_events(RunFolder(run)))
    assert contents(write_events(RunFolder(run))) == before
    assert len(before) == 3
    assert {path.name for path in run.iterdir()} == {"history.csv", "metrics.json", "tensorboard"}


def test_a_longer_history_takes_the_place_of_the_shorter(run: Path) -> None:
    write_events(RunFolder(run))
    with (run / "history.csv").open("a", encoding="utf-8") as file:
        file.write("3,0.125,0.96875,0.0625,0.984375,300.0\n")
    curve = read_curve(write_events(RunFolder(run)) / "training")  # there is one file still
    assert [epoch for epoch, tag, _ in curve if tag == "loss"] == [1, 2, 3]


def test_curves_without_points_are_left_out(run: Path) -> None:
    lines = HISTORY.replace("0.375,0.875", ",").replace("0.125,0.96875", ",")
    (run / "history.csv").write_text(lines, encoding="utf-8")
    for figures in (FIGURES | {"test_accuracy": None, "test_loss": None}, FIGURES | {"interrupted": True}):
        (run / "metrics.json").write_text(json.dumps(figures), encoding="utf-8")
        assert [path.name for path in write_events(RunFolder(run)).iterdir()] == ["training"]
    (run / "metrics.json").unlink()
    assert [path.name for path in write_events(RunFolder(run)).iterdir()] == ["training"]


def test_what_training_writes(finished_run: RunResult, tmp_path: Path) -> None:
    for name in ("history.csv", "metrics.json"):
        (tmp_path / name).write_bytes((finished_run.folder / name).read_bytes())
    folder = write_events(RunFolder(tmp_path))
    losses = [value for _, tag, value in read_curve(folder / "validation") if tag == "loss"]
    assert losses == pytest.approx([result.validation_loss for result in finished_run.history], rel=1e-6)
    epoch, tag, accuracy = read_curve(folder / "test")[1]
    assert (epoch, tag) == (3, "accuracy")
    assert accuracy == pytest.approx(finished_run.test_accuracy)


def test_what_a_killed_writer_left_is_in_nobodys_way(run: Path) -> None:
    leftover = run / ".tensorboard-unfinished" / "training"
    leftover.mkdir(parents=True)
    (leftover / "events.out.tfevents.1.inkdigits").write_bytes(b"half")
    remove_leftovers(run)  # as a run that goes on does
    assert len(read_curve(write_events(RunFolder(run)) / "training")) == 6
    assert not leftover.parent.exists()


def test_failure_keeps_the_old_files(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(write_events(RunFolder(run)))

    def fail(*arguments: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("tensorboardX.RecordWriter.flush", fail)
    with pytest.raises(TrainingError, match=r"tensorboard: .* no space left"):
        write_events(RunFolder(run))
    assert contents(run / "tensorboard") == before
    assert {path.name for path in run.iterdir()} == {"history.csv", "metrics.json", "tensorboard"}


@pytest.mark.parametrize("history", [None, HISTORY.splitlines()[0]])
def test_no_epoch_is_nothing_to_show(run: Path, history: str | None) -> None:
    (run / "history.csv").unlink()
    if history is not None:
        (run / "history.csv").write_text(history, encoding="utf-8")
    with pytest.raises(TrainingError, match="found no whole epoch"):
        write_events(RunFolder(run))
    assert not (run / "tensorboard").exists()


def test_without_the_package_it_says_what_to_install(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'inkdigits\[tensorboard\]'"):
        write_events(RunFolder(run))
