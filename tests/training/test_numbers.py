"""The training of the line model on made-up hands: shards, batches, averages, and going on after a stop."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inkdigits.errors import ConfigError, DatasetError, TrainingError
from inkdigits.layout.line import MARKS
from inkdigits.models.backend import keras
from inkdigits.reading.numbers.line_model import LineModel
from inkdigits.synthesis.hands import Hand, glyph_of_strokes
from inkdigits.training import numbers
from inkdigits.training.number_batches import batches, kept_lines, likeliest, padded
from inkdigits.training.number_corpus import Shard, kept_aside, make_shard, read_hands, read_shard
from inkdigits.training.numbers import (
    NumbersConfig,
    finish_numbers,
    load_numbers_recipe,
    make_shards,
    run_numbers,
    shard_paths,
    train_numbers,
)

CONFIG = NumbersConfig(
    epochs=2, lines_per_epoch=60, n_validation=12, widths=(640,), columns_per_batch=5120, warmup_lines=10
)


def hands() -> list[Hand]:
    """Some made-up writers; their digits are scribbles."""
    found = []
    for number in range(12):
        generator = np.random.default_rng(number)
        glyphs = {}
        for digit in "0123456789":
            glyph = glyph_of_strokes([np.cumsum(generator.uniform(-1, 1, (6, 2)), axis=0)])
            assert glyph is not None
            glyphs[digit] = [glyph]
        found.append(Hand(f"unipen {number}", "unipen", glyphs))
    return found


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lines")
    make_shards(hands(), folder, CONFIG, 2)
    return folder


def test_a_shard_comes_back_as_it_was_written(lines: Path) -> None:
    assert [path.name for path in shard_paths(lines)] == ["lines-0000.npz", "lines-0001.npz"]
    shard = read_shard(shard_paths(lines)[0])
    assert len(shard) == CONFIG.lines_per_epoch
    canvases = shard.canvases()
    assert [canvas.shape[1] for canvas in canvases] == shard.widths.tolist()
    training = [hand for hand in hands() if not kept_aside(hand)]
    again = make_shard(training, CONFIG.lines_per_epoch, np.random.default_rng([CONFIG.seed, 2, 0]))
    assert np.array_equal(again.ink, shard.ink)
    assert again.labels.tolist() == shard.labels.tolist()


def test_whole_writers_are_kept_aside() -> None:
    names = {f"mnist {number}" for number in range(2000)}
    kept = [name for name in names if kept_aside(Hand(name, "mnist", {}))]
    assert 0.15 < len(kept) / len(names) < 0.25


def test_a_batch_holds_lines_of_one_width_and_their_labels(lines: Path) -> None:
    shard = read_shard(shard_paths(lines)[0])
    seen = 0
    for inputs, labels in batches(shard, 960, (96, 192, 640), np.random.default_rng(0)):
        assert inputs.shape[1:] == (32, inputs.shape[2], 1)
        assert inputs.shape[2] % 4 == 0
        assert labels.min() >= 0
        assert labels.max() <= len(MARKS) + 1
        assert (labels[:, 0] > 0).all()
        seen += len(inputs)
    assert seen > 0


def test_labels_are_padded_with_the_blank() -> None:
    line = np.ones((32, 20), np.float32)
    inputs, labels = padded([(line, "0."), (line, "9x")], 24)
    assert inputs[0, :, :20].min() == 1
    assert inputs[0, :, 20:].max() == 0
    assert labels[:, :3].tolist() == [[1, 11, 0], [10, 17, 0]]


def test_repeats_are_merged_and_blanks_left_out() -> None:
    assert likeliest(np.array([0, 2, 2, 0, 2, 11, 11, 0, 17])) == "11.x"


def test_a_training_that_was_stopped_goes_on(
    lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    read: list[str] = []

    def noted(path: Path) -> Shard:
        read.append(path.name)
        return read_shard(path)

    monkeypatch.setattr(numbers, "read_shard", noted)
    train_numbers(replace(CONFIG, epochs=1), lines, tmp_path, show=shown.append)
    model = train_numbers(CONFIG, lines, tmp_path, resume=True, show=shown.append)
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in history] == [1, 2]
    assert len(shown) == 2
    assert [name for name in read if name != "validation.npz"] == ["lines-0000.npz", "lines-0001.npz"]
    assert all(np.isfinite(line["loss"]) for line in history)
    figures = finish_numbers(model, CONFIG, lines, tmp_path)
    reader = LineModel((tmp_path / "model.onnx").read_bytes())
    assert len(reader.metadata["calibration"]) == 3
    assert figures["bytes"] == (tmp_path / "model.onnx").stat().st_size


def test_the_model_learns_a_handful_of_lines(lines: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=6, learning_rate=3e-3, average=0.5)
    train_numbers(config, lines, tmp_path)
    history = [json.loads(line)["loss"] for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert history[-1] < history[0]


def test_a_training_may_begin_where_another_ended(lines: Path, tmp_path: Path) -> None:
    first = train_numbers(replace(CONFIG, epochs=1), lines, tmp_path / "first")
    barely = replace(CONFIG, epochs=1, learning_rate=1e-9, start_from=str(tmp_path / "first"))
    second = train_numbers(barely, lines, tmp_path / "second")
    for one, other in zip(first.trainable_variables, second.trainable_variables, strict=True):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other), atol=1e-3
        )
    with pytest.raises(TrainingError, match="checkpoint"):
        train_numbers(replace(barely, start_from=str(tmp_path)), lines, tmp_path / "third")


def test_a_training_whose_lines_no_longer_come_says_so(lines: Path, tmp_path: Path) -> None:
    shutil.copytree(lines, tmp_path / "run" / "lines")
    (tmp_path / "run" / "lines" / "lines-0001.npz").unlink()
    no_hands = tmp_path / "empty"
    no_hands.mkdir()
    with pytest.raises(TrainingError, match="writes the lines"):
        run_numbers(replace(CONFIG, epochs=50), no_hands, tmp_path / "run")


def test_the_same_scans_check_every_epoch(lines: Path) -> None:
    shard = read_shard(lines / "validation.npz")
    first, again = kept_lines(shard, 0), kept_lines(shard, 0)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_without_shards_or_datasets_it_says_what_is_missing(tmp_path: Path) -> None:
    make_shards(hands(), tmp_path, CONFIG, 0)
    with pytest.raises(TrainingError, match="shards"):
        train_numbers(CONFIG, tmp_path, tmp_path / "run")
    with pytest.raises(DatasetError, match="mnist"):
        read_hands(tmp_path)


def test_the_shipped_recipe_is_one() -> None:
    assert load_numbers_recipe().epochs > 0
    with pytest.raises(ConfigError, match="average"):
        NumbersConfig(average=1.5)


def test_the_policy_of_other_models_stays_what_it_was(lines: Path, tmp_path: Path) -> None:
    train_numbers(replace(CONFIG, epochs=1), lines, tmp_path)
    assert keras.config.dtype_policy().name == "float32"
