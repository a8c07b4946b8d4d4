"""inkdigits runs: a row a run, the best first, and what cannot be read on stderr."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from inkdigits.cli.runs import runs as list_runs
from inkdigits.runs.history import RunOrder
from tests.cli.conftest import Call

COLUMNS = "epoch,loss,accuracy,validation_loss,validation_accuracy,images_per_second"


def write_run(
    folder: Path, settings: str, validation: str, figures: Mapping[str, object] | None = None
) -> None:
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text(f"[training]\nepochs = 4\n{settings}\n", encoding="utf-8")
    history = f"{COLUMNS}\n1,0.5,0.8,{validation},1234.5\n"
    (folder / "history.csv").write_text(history, encoding="utf-8")
    if figures is not None:
        (folder / "metrics.json").write_text(json.dumps(figures), encoding="utf-8")


@pytest.fixture
def three_runs(tmp_path: Path) -> Path:
    """A folder with a complete run, one that was killed, and an interrupted one that kept no validation."""
    folder = tmp_path / "runs"
    figures = {"interrupted": False, "test_accuracy": 0.9612, "test_loss": 0.15}
    write_run(folder / "cnn-1", "learning_rate = 0.002", "0.4,0.95", figures)
    write_run(folder / "cnn-2", "batch_size = 32", "0.2,0.97")
    write_run(folder / "[red]", "validation_share = 0.0", ",", figures | {"interrupted": True})
    return folder


def test_a_row_a_run(call: Call, three_runs: Path) -> None:
    ended = call("runs", three_runs)
    assert (ended.code, ended.err) == (0, "")
    expected = [
        "run    model  data   epochs  accuracy    loss  test accuracy  images/s  state      ",
        "cnn-2  cnn    mnist     1/4    97.00%  0.2000              -     1,234  unfinished ",
        "cnn-1  cnn    mnist     1/4    95.00%  0.4000         96.12%     1,234  complete   ",
        "[red]  cnn    mnist     1/4         -       -              -     1,234  interrupted",
    ]
    settings = [
        "settings",
        "batch_size=32 learning_rate=0.001 validation_share=0.1",
        "batch_size=128 learning_rate=0.002 validation_share=0.1",
        "batch_size=128 learning_rate=0.001 validation_share=0.0",
    ]
    assert ended.out.splitlines() == [
        f"{figures}  {own}" for figures, own in zip(expected, settings, strict=True)
    ]


def test_runs_that_do_not_differ_have_no_settings_to_show(call: Call, three_runs: Path) -> None:
    for name in ("cnn-2", "[red]"):
        shutil.rmtree(three_runs / name)
    heading, row = call("runs", three_runs).out.splitlines()
    assert heading.split()[-1] == "state"
    assert row.split()[-1] == "complete"


def test_data_that_counts_several_times(call: Call, tmp_path: Path) -> None:
    write_run(tmp_path / "cnn-1", "", "0.2,0.97")
    recipe = tmp_path / "cnn-1" / "recipe.toml"
    recipe.write_text('data = ["usps", "mnist", "usps"]', encoding="utf-8")
    assert call("runs", tmp_path).out.splitlines()[1].startswith("cnn-1  cnn    2*usps+mnist  ")
    recipe.write_text('data = ["mnist", { name = "usps", times = 4 }]', encoding="utf-8")
    assert call("runs", tmp_path).out.splitlines()[1].startswith("cnn-1  cnn    mnist+4*usps  ")


def test_long_lists_are_counted(call: Call, three_runs: Path) -> None:
    for name, writers in (("few", ["f1", "f2"]), ("many", ["f1", "f2", "f3", "f4"])):
        write_run(three_runs / name, "", "0.2,0.97")
        recipe = three_runs / name / "recipe.toml"
        recipe.write_text(f"kept_writers = {writers}\n", encoding="utf-8")
    shown = call("runs", three_runs).out
    assert "kept_writers=f1,f2 " in shown
    assert "kept_writers=4 names " in shown
    assert "kept_writers=none " in shown


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("accuracy", ["cnn-2", "cnn-1", "[red]"]),
        ("loss", ["cnn-2", "cnn-1", "[red]"]),
        ("time", ["[red]", "cnn-1", "cnn-2"]),
        ("name", ["[red]", "cnn-1", "cnn-2"]),
    ],
)
def test_order(call: Call, three_runs: Path, order: str, names: list[str]) -> None:
    ended = call("runs", three_runs, "--sort", order, "--json")
    assert [run["name"] for run in ended.json()] == names


def test_json(call: Call, three_runs: Path) -> None:
    ended = call("runs", three_runs, "--json")
    assert (ended.code, ended.err) == (0, "")
    _, run, _ = ended.json()
    assert run == {
        "name": "cnn-1",
        "model": "cnn",
        "data": ["mnist"],
        "epochs_done": 1,
        "epochs_planned": 4,
        "settings": {"batch_size": 128, "learning_rate": 0.002, "validation_share": 0.1},
        "validation_accuracy": 0.95,
        "validation_loss": 0.4,
        "test_accuracy": 0.9612,
        "images_per_second": 1234.5,
        "state": "complete",
    }


def test_what_training_made_is_listed(call: Call, run_folder: Path) -> None:
    (run,) = call("runs", run_folder.parent, "--json").json()
    figures = json.loads((run_folder / "metrics.json").read_text(encoding="utf-8"))
    assert (run["name"], run["model"], run["data"]) == ("run", "mlp", ["uci"])
    assert (run["epochs_done"], run["epochs_planned"], run["state"]) == (2, 2, "complete")
    assert run["test_accuracy"] == figures["test_accuracy"]


def test_the_folder_is_runs_unless_named(
    call: Call, three_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(three_runs.parent)
    assert len(call("runs").out.splitlines()) == 4
    monkeypatch.chdir(three_runs)
    assert call("runs").code == 2


def test_a_terminal_gets_a_table(three_runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "80")
    list_runs(three_runs, RunOrder.ACCURACY, as_json=False)
    shown = terminal.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    assert "─" in shown
    assert "learning_rate=0.002" in shown
    assert "96.12%" in shown
    assert "1,234" in shown
    assert "interrupted" in shown, "nothing is cut"
    assert shown.index("cnn-2") < shown.index("cnn-1") < shown.index("[red]")


# What goes wrong.


def test_a_run_that_cannot_be_read_is_named_and_the_rest_is_listed(call: Call, three_runs: Path) -> None:
    (three_runs / "cnn-2" / "history.csv").write_text("epoch\n1\n", encoding="utf-8")
    for options in ((), ("--json",)):
        ended = call("runs", three_runs, *options)
        assert ended.code == 1
        (error,) = ended.err.splitlines()
        assert error.startswith(
            f"error: {three_runs / 'cnn-2' / 'history.csv'}: expected the history of a run"
        )
        assert "cnn-1" in ended.out
        assert "[red]" in ended.out
        assert "cnn-2" not in ended.out


def test_none_that_can_be_read(call: Call, tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "cnn-1", "epochs = 0", "0.2,0.97")
    ended = call("runs", tmp_path / "runs")
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1


def test_no_run_at_all(call: Call, tmp_path: Path, three_runs: Path) -> None:
    for options in ((), ("--json",)):
        ended = call("runs", *options, three_runs / "cnn-1")
        assert (ended.code, ended.out) == (1, "")
        assert "found a run. Name the folder that it lies in." in ended.err
        (tmp_path / "empty").mkdir(exist_ok=True)
        ended = call("runs", *options, tmp_path / "empty")
        assert (ended.code, ended.out) == (1, "")
        assert "found none. Train one, or name another folder." in ended.err


def test_wrong_calls_end_with_2(call: Call, three_runs: Path) -> None:
    for arguments in ((three_runs / "absent",), (three_runs, "--sort", "beauty"), (three_runs, three_runs)):
        ended = call("runs", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err
