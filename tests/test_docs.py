"""The documentation is in step with the program: links, examples, commands, help texts, settings, names.

What stands in ```python is run, all blocks of a page one after the other, in a folder that holds the
pictures of `SAMPLES`. What cannot be run here (network, long training) is fenced as ```text instead.
In ```sh every call of `inkdigits` has to parse, and in ```text every line that begins with one.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import docs_from_code
import draw_reading_order
import inkdigits
import reading_order
import write_docs
from inkdigits.cli import app
from inkdigits.config import from_toml, to_dict
from inkdigits.recipes.recipe import Recipe, TrainingConfig, recipe_names
from inkdigits.web.settings import ServiceSettings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
LINKED_PAGES = [
    *PAGES,
    *(
        page
        for page in (ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md")
        if page.exists()
    ),
]

PICTURES = Path(inkdigits.__file__).parent / "samples"
SAMPLES = {
    "seven.jpg": "7_felt_tip_note.jpg",
    "three.jpg": "3_chalk_board.jpg",
    "postcode.png": "7_crossed_biro.png",
    "scans/1.png": "1_short_flag_biro.png",
    "scans/2.jpg": "2_pencil_squared.jpg",
}

SHELLS = ("sh", "bash", "shell", "console")
FENCE = re.compile(r"^ *```([^\n`]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)|(?:src|href)=\"([^\"]+)\"")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks: what stands behind the fence, and the content."""
    return [(marks.strip(), content) for marks, content in FENCE.findall(text_of(page))]


def prose(page: Path) -> str:
    return FENCE.sub("", text_of(page))


def links(page: Path) -> list[str]:
    found = [first or second for first, second in LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page)))]
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings, and anchors that are written out."""
    headings = re.findall(r"^#+ +(.+?) *$", prose(page), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text_of(page)))


def section(page: str, heading: str) -> str:
    """What stands below a heading of docs/PAGE, up to the next one."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", prose(DOCS / page), re.DOTALL | re.MULTILINE
    )
    assert found is not None, f"docs/{page} has no section {heading!r}"
    return found[1]


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table rows below a heading whose first cell is code, without its backticks."""
    lines = re.findall(r"^\| (`[^\n]+) \|$", section(page, heading), re.MULTILINE)
    return [[cell.strip().strip("`") for cell in line.split(" | ")] for line in lines]


def first_cells(page: str, heading: str) -> list[str]:
    return [cells[0] for cells in rows(page, heading)]


@pytest.fixture
def folder_of_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the examples."""
    for name, source in SAMPLES.items():
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(PICTURES / source, target)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", LINKED_PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name_of(page)} links to {link}, and there is no such file"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)} links to {link}, and there is no such heading"


def test_references_in_the_code_lead_somewhere() -> None:
    for module in sorted((ROOT / "src").rglob("*.py")):
        for page, anchor in re.findall(r"\b(docs/\w+\.md)#([\w-]+)", text_of(module)):
            assert (ROOT / page).exists(), f"{name_of(module)} names {page}"
            assert anchor in anchors(ROOT / page), f"{name_of(module)} names {page}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_examples_run(page: Path, folder_of_samples: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "example"}
    for number, (marks, code) in enumerate(blocks(page), 1):
        if marks == "python":
            exec(compile(code, f"{name_of(page)}, block {number}", "exec"), namespace)
        else:
            assert "py" not in marks, f"{name_of(page)}, block {number}: fence it as ```python, or as ```text"


def calls(script: str) -> list[list[str]]:
    """The arguments of each call of inkdigits in a shell script."""
    found = []
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        command: list[str] = []
        for token in [*lexer, ";"]:
            if not set(token) <= set("();<>|&"):
                command.append(token)
                continue
            while command and re.fullmatch(r"\w+=.*", command[0]):
                command.pop(0)  # KERAS_BACKEND=torch inkdigits ...
            if command and Path(command[0]).name == "inkdigits":
                found.append(command[1:])
            command = []
    return found


def parse(arguments: list[str]) -> None:
    """Parse as the program does, and do nothing; raises where it would."""
    root = typer.main.get_command(app)
    context = root.make_context("inkdigits", list(arguments))
    rest = [*getattr(context, "_protected_args", ()), *context.args]
    if not rest:
        return
    name, verb, rest = root.resolve_command(context, rest)  # type: ignore[attr-defined]
    verb.make_context(name, rest, parent=context)


@pytest.mark.parametrize("page", LINKED_PAGES, ids=name_of)
def test_commands_parse(page: Path) -> None:
    for marks, script in blocks(page):
        if marks == "text":  # examples in help texts, and tables of commands with remarks behind a gap
            lines = [line.strip().removeprefix("Example: ") for line in script.splitlines()]
            script = "\n".join(line.split("  ")[0] for line in lines if line.startswith("inkdigits "))
        elif marks not in SHELLS:
            continue
        for arguments in calls(script):
            try:
                parse(arguments)
            except Exception as error:
                pytest.fail(f"{name_of(page)}: inkdigits {shlex.join(arguments)}: {error!r}")


def test_wrong_commands_do_not_parse() -> None:
    (first,) = calls("cat 7.jpg | X=1 inkdigits predict - --json > out  # a comment")
    assert first == ["predict", "-", "--json"]
    parse(first)
    for wrong in (["predikt", "7.jpg"], ["predict", "7.jpg", "--jason"], ["train", "--epochs", "few"]):
        with pytest.raises(Exception, match=r"No such|valid"):
            parse(wrong)


@pytest.mark.parametrize("page", LINKED_PAGES, ids=name_of)
def test_recipes_in_the_text_are_recipes(page: Path) -> None:
    for marks, content in blocks(page):
        if marks == "toml":
            from_toml(Recipe, content, name_of(page))


# What is written from the code.

REGIONS = {
    *(f"settings inkdigits.recipes.recipe.{name}" for name in ("Recipe", "TrainingConfig", "RefusalConfig")),
    "settings inkdigits.synthesis.augmentation.AugmentationConfig",
    "settings inkdigits.InputLimits",
    "settings inkdigits.web.settings.ServiceSettings",
    "arguments inkdigits.Recognizer",
    "attributes inkdigits.Prediction",
    *("errors", "reasons", "models", "datasets", "recipes", "run-folder"),
    *("floors", "packages", "map", "reading-order"),
}

# Options that set a field or an argument: (verb, option) -> where its meaning stands.
MEANINGS = {
    **{
        ("train", option): (TrainingConfig, option)
        for option in ("epochs", "batch_size", "learning_rate", "validation_share", "seed")
    },
    **{("serve", option): (ServiceSettings, option) for option in ("host", "port")},
    ("serve", "workers"): (ServiceSettings, "n_workers"),
    **{("predict", option): (inkdigits.Recognizer, option) for option in ("max_error", "digits_accepted")},
}


@pytest.mark.parametrize("page", write_docs.PAGES, ids=name_of)
def test_what_is_generated_is_up_to_date(page: Path) -> None:
    assert write_docs.render(text_of(page)) == text_of(page), "run: python tools/write_docs.py"


def test_all_that_can_be_generated_is() -> None:
    regions = set(re.findall(r"<!-- generated: (.+?) -->", "".join(map(text_of, write_docs.PAGES))))
    verbs = typer.main.get_command(app).list_commands(None)  # type: ignore[attr-defined]
    assert {"help", *(f"help {verb}" for verb in verbs)} <= regions
    assert REGIONS - regions == set()


def test_a_stale_region_is_written_anew() -> None:
    page = "<!-- generated: errors -->\nold\n<!-- end -->\n"
    assert "| `ImageError` |" in write_docs.render(page)
    assert "old" not in write_docs.render(page)
    with pytest.raises(SystemExit, match="unknown region"):
        write_docs.render(page.replace("errors", "mistakes"))
    with pytest.raises(SystemExit, match="correct the marker"):
        write_docs.render(page.replace("errors", "settings inkdigits.results.Nothing"))


def test_a_field_without_a_meaning_is_an_error() -> None:
    @dataclasses.dataclass(frozen=True)
    class Undescribed:
        """Settings.

        Attributes:
            first, second: What the two
                are for.
        """

        first: int = 1
        second: tuple[str, ...] = ("a",)
        third: int = 3

    with pytest.raises(docs_from_code.UndocumentedError, match="'third'"):
        docs_from_code.described_fields(Undescribed)
    Undescribed.__doc__ = f"{Undescribed.__doc__}    third: Of all.\n"
    assert docs_from_code.described_fields(Undescribed) == [
        ("first", 1, "What the two are for."),
        ("second", ("a",), "What the two are for."),
        ("third", 3, "Of all."),
    ]


@pytest.mark.parametrize(("verb", "option"), MEANINGS, ids="-".join)
def test_an_option_is_described_in_the_words_of_what_it_sets(verb: str, option: str) -> None:
    owner, name = MEANINGS[verb, option]
    if dataclasses.is_dataclass(owner):
        meanings = {field: text for field, _, text in docs_from_code.described_fields(owner)}
    else:
        meanings = {argument: text for argument, _, text in docs_from_code.described_arguments(owner)}
    command = typer.main.get_command(app).get_command(None, verb)  # type: ignore[attr-defined]
    (helped,) = (parameter.help for parameter in command.params if parameter.name == option)
    assert helped.rstrip(".").startswith(docs_from_code.first_sentence(meanings[name]).rstrip("."))


def test_the_reading_order_is_an_evening_long() -> None:
    total = sum(
        reading_order.n_lines(path) for step in reading_order.STEPS for path in reading_order.modules_of(step)
    )
    assert 2000 < total <= reading_order.MOST_LINES


@pytest.mark.parametrize("module", draw_reading_order.PAPER_MODULES)
def test_every_constant_of_paper_has_a_page_that_needs_it(module: str) -> None:
    examples = {one.constant: one for one in draw_reading_order.EXAMPLES}
    for name, (_, why) in draw_reading_order.constants_of(module).items():
        assert why, f"paper.{module}.{name}: say in a remark beside it what it is"
        example = examples[f"{module}.{name}"]
        as_it_is = draw_reading_order.read_page(example)
        otherwise = draw_reading_order.read_page(example, example.other)
        assert np.abs(as_it_is - otherwise).max() > 0.2, f"{example} shows no difference"


def test_the_figures_of_the_reading_order_are_small() -> None:
    figures = list((DOCS / "images" / "reading_order").glob("*.png"))
    assert len(figures) >= len(reading_order.STEPS)
    assert sum(figure.stat().st_size for figure in figures) < 600_000


def test_the_json_has_the_keys_that_are_documented(folder_of_samples: Path) -> None:
    def documented(verb: str) -> list[str]:
        return first_cells("command_line.md", f"JSON of {verb}")

    def printed(*arguments: str) -> list[dict[str, object]]:
        result = CliRunner().invoke(app, [*arguments, "--json"])
        assert result.exit_code in (0, 1), result.output
        return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]

    Path("broken.png").write_bytes(b"broken")
    read, unreadable = printed("predict", "seven.jpg", "broken.png")
    # `label` is there for other classes than digits only.
    assert list(read) == ["path", *(key for key in documented("predict") if key != "label")]
    assert list(unreadable) == ["path", "error"]
    (trained,) = printed(
        "train", "--model", "mlp", "--data", "uci", "--epochs", "1", "--out", "run", "--quiet"
    )
    assert list(trained) == documented("train")
    (judged,) = printed("evaluate", "run")
    assert sorted(judged) == sorted(documented("evaluate"))
    (listed,) = printed("runs", ".")
    assert list(listed) == documented("runs")
    (tuned,) = printed("tune", "--data", "uci", "--epochs", "1", "--trials", "1", "--quiet")
    assert list(tuned) == documented("tune")
    (counted,) = printed("data", "uci")
    assert list(counted) == documented("data")


def test_defaults_are_given_as_a_recipe_has_them() -> None:
    documented = {
        cells[0]: tomllib.loads(f"default = {cells[1]}")["default"]
        for cells in rows("training.md", "`[training]`")
    }
    assert documented == to_dict(TrainingConfig())


def test_every_recipe_and_exported_name_is_documented() -> None:
    assert sorted(first_cells("training.md", "Recipes")) == recipe_names()
    page = text_of(DOCS / "python.md")
    assert [name for name in inkdigits.__all__ if f"`{name}`" not in page] == []
