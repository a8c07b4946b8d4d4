"""inkdigits data: what there is, and what is in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inkdigits.datasets import NAMES
from tests.cli.conftest import Call


def test_without_a_name_it_lists_the_known_ones(call: Call) -> None:
    ended = call("data")
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    listed = " ".join(ended.out.split())
    for name, description in NAMES.items():
        assert f"{name} {description}" in listed
    assert "any file or folder" in ended.out.lower()
    assert call("data", "--json").json() == [NAMES]


def test_what_is_in_a_known_one(call: Call) -> None:
    ended = call("data", "uci")
    assert ended.code == 0
    assert ended.out.startswith("uci\n  train: 1,437 pictures of 28x28\n")
    (counts,) = call("data", "uci", "--json").json()
    assert list(counts) == ["name", "train", "validation", "test", "notes"]
    assert (counts["name"], counts["train"], counts["test"]) == ("uci", 1437, 360)
    assert counts["notes"]


def test_what_is_in_ones_own(call: Call, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "mine.npz", x=images, y=np.arange(20) % 10)
    (counts,) = call("data", tmp_path / "mine.npz", "--json").json()
    assert (counts["train"], counts["test"]) == (20, None)


def test_what_cannot_be_had(call: Call, tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    for name, hint in (("mnits", "Did you mean mnist?"), (tmp_path / "broken.npz", "broken.npz")):
        ended = call("data", name)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith("error: ")
        assert hint in ended.err


def test_wrong_calls_end_with_2(call: Call) -> None:
    assert call("data", "mnist", "usps").code == 2
    assert call("data", "--all").code == 2
