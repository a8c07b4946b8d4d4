"""Other classes than the ten digits: letters from folders, through training and evaluation, to an answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from PIL import ImageDraw
from typer.testing import CliRunner

from inkdigits.cli.app import app
from inkdigits.datasets import load
from inkdigits.errors import ConfigError, DatasetError
from inkdigits.reading.recognizer import Recognizer
from inkdigits.recipes.recipe import Recipe
from inkdigits.training.corpus import gather

LETTERS = ("L", "T", "X")
STROKES = {"L": [(12, 8, 12, 52), (12, 52, 44, 52)], "T": [(8, 10, 52, 10), (30, 10, 30, 54)],
           "X": [(10, 8, 50, 52), (50, 8, 10, 52)]}  # fmt: skip


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`train` and `test`, in each a folder a letter, drawn with a shaky hand."""
    folder = tmp_path_factory.mktemp("letters")
    generator = np.random.default_rng(0)
    for part, n in (("train", 40), ("test", 10)):
        for letter in LETTERS:
            (folder / part / letter).mkdir(parents=True)
            for number in range(n):
                page = PIL.Image.new("L", (60, 60), 255)
                draw = ImageDraw.Draw(page)
                for stroke in STROKES[letter]:
                    draw.line(
                        (np.array(stroke) + generator.uniform(-4, 4, 4)).tolist(),
                        fill=0,
                        width=int(generator.integers(3, 6)),
                    )
                page.save(folder / part / letter / f"{number}.png")
    return folder


def test_letters_train_and_are_evaluated_and_read(letters: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    runner = CliRunner()
    settings = ["--model", "mlp", "--epochs", "15", "--batch-size", "16"]
    trained = runner.invoke(app, ["train", *settings, "--data", str(letters), "--out", str(run)])
    assert trained.exit_code == 0, trained.output
    judged = runner.invoke(app, ["evaluate", str(run), "--json", "--out", str(tmp_path / "report")])
    assert judged.exit_code == 0, judged.output
    report = json.loads(judged.stdout)
    assert report["class_names"] == list(LETTERS)
    assert report["accuracy"] > 0.9
    assert np.shape(report["confusion"]) == (3, 3)
    model, picture = str(run / "model.onnx"), letters / "test" / "T" / "0.png"
    read = runner.invoke(
        app, ["predict", str(picture), "--model", model, "--json", "--explain", str(tmp_path)]
    )
    answer = json.loads(read.stdout)
    assert (answer["label"], answer["digit"], answer["refused"]) == ("T", None, False)
    assert len(answer["probabilities"]) == 3
    assert (tmp_path / "0.png.explained.png").exists()
    assert Recognizer(model).class_names == LETTERS
    assert runner.invoke(app, ["predict", str(picture), "--model", model]).stdout.startswith(
        f"{picture}: T, "
    )


def test_a_model_of_letters_is_not_judged_on_digits(letters: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    runner = CliRunner()
    runner.invoke(
        app, ["train", "--model", "mlp", "--data", str(letters), "--epochs", "1", "--out", str(run)]
    )
    judged = runner.invoke(app, ["evaluate", str(run), "--data", "uci"])
    assert isinstance(judged.exception, DatasetError)
    assert judged.exception.expected == "the classes of the model: L, T, X"


def test_a_model_of_two_digits_claims_no_others(tmp_path: Path) -> None:
    folder, run = tmp_path / "two", tmp_path / "run"
    for digit, line in (("3", (12, 4, 12, 36)), ("8", (4, 20, 36, 20))):
        (folder / digit).mkdir(parents=True)
        for number in range(8):
            page = PIL.Image.new("L", (40, 40), 255)
            ImageDraw.Draw(page).line((line[0] + number // 4, *line[1:]), fill=0, width=3 + number % 4)
            page.save(folder / digit / f"{number}.png")
    runner = CliRunner()
    data = ["--data", str(folder)]
    trained = runner.invoke(app, ["train", "--model", "mlp", *data, "--epochs", "3", "--out", str(run)])
    assert trained.exit_code == 0, trained.output
    judged = runner.invoke(app, ["evaluate", str(run), *data, "--json"])
    assert json.loads(judged.stdout)["class_names"] == ["3", "8"]
    model = str(run / "model.onnx")
    read = runner.invoke(app, ["predict", str(folder / "8" / "0.png"), "--model", model, "--json"])
    answer = json.loads(read.stdout)
    assert len(answer["probabilities"]) == 2
    assert answer["digit"] in (3, 8)


def test_folders_of_other_names_are_classes_in_natural_order(tmp_path: Path) -> None:
    page = PIL.Image.new("L", (40, 40), 255)
    ImageDraw.Draw(page).line((10, 8, 30, 32), fill=0, width=3)
    folder = tmp_path / "runes"
    for name in ("rune 10", "rune 2", ".hidden", "empty"):
        (folder / name).mkdir(parents=True)
    page.save(folder / "rune 10" / "a.png")
    page.save(folder / "rune 2" / "b.png")
    page.save(folder / ".hidden" / "c.png")
    dataset = load(folder)
    assert dataset.class_names == ("rune 2", "rune 10")
    assert dataset.train is not None
    assert dataset.train.labels is not None
    assert sorted(dataset.train.labels.tolist()) == [0, 1]


def test_a_table_may_hold_other_labels_but_no_slip(tmp_path: Path) -> None:
    page = PIL.Image.new("L", (40, 40), 255)
    ImageDraw.Draw(page).line((10, 8, 30, 32), fill=0, width=3)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(4):
        page.save(folder / f"{number}.png")
    table = folder / "labels.csv"
    table.write_text("path,label\n0.png,a\n1.png,b\n2.png,a\n3.png,b\n", encoding="utf-8")
    dataset = load(folder)
    assert dataset.class_names == ("a", "b")
    assert dataset.train is not None
    assert dataset.train.labels is not None
    assert dataset.train.labels.tolist() == [0, 1, 0, 1]
    table.write_text("path,label\n0.png,7\n1.png,7\n2.png,O\n3.png,7\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="found a single picture of 'O'"):
        load(folder)
    table.write_text("path,label\n0.png,a\n1.png,\n2.png,a\n3.png,\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="found none for picture 2"):
        load(folder)


def test_refusal_is_for_digits(letters: Path) -> None:
    with pytest.raises(
        ConfigError, match="expected datasets of the ten digits, found classes such as L, T, X"
    ):
        gather(Recipe("mlp", (str(letters),), n_allographs=3))
