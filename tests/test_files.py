"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from inkdigits.errors import DatasetError
from inkdigits.files import (
    did_you_mean,
    natural_order,
    remove_leftovers,
    system_errors_as,
    temporary_beside,
    write_whole,
)


def test_text_and_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "sieben → 7\n")
    assert (tmp_path / "a.txt").read_bytes() == "sieben → 7\n".encode()
    write_whole(tmp_path / "a.txt", b"\x00\r\n")  # replaces what was there
    assert (tmp_path / "a.txt").read_bytes() == b"\x00\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_the_file_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "model.keras"
    with temporary_beside(target) as temporary:
        temporary.write_bytes(b"half")
        assert not target.exists()
        assert temporary.parent == tmp_path, "a rename is atomic within one file system only"
        assert temporary.suffix == ".keras", "some writers go by it"
    assert target.read_bytes() == b"half"


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_failure_keeps_the_old_file_and_leaves_no_other(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")

    def write_half() -> None:
        with temporary_beside(target) as temporary:
            temporary.write_text("ne", encoding="utf-8")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failure_at_the_very_end_counts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(f"inkdigits.files.os.{call}", fail)
    with pytest.raises(OSError, match="no space left"):
        write_whole(tmp_path / "a.txt", "new")
    assert not list(tmp_path.iterdir())


def test_content_is_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(file: int) -> None:
        calls.append("fsync")
        fsync(file)

    def noted_replace(source: Path, target: Path) -> None:
        calls.append("replace")
        replace(source, target)

    monkeypatch.setattr("inkdigits.files.os.fsync", noted_fsync)
    monkeypatch.setattr("inkdigits.files.os.replace", noted_replace)
    write_whole(tmp_path / "a.txt", "new")
    assert calls == ["fsync", "replace"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a.txt", "new")
        assert os.umask(0o027) == 0o027, "the mask is left as it was"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "absent" / "a.txt", "new")


def test_leftovers_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    (tmp_path / "kept.npz").write_bytes(b"whole")
    with temporary_beside(tmp_path / "kept.npz") as temporary:
        copy = temporary.with_name(temporary.name.replace("kept", "killed"))
        copy.write_bytes(b"half")
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.npz"]


def test_numbers_in_names_are_ordered_by_their_size() -> None:
    names = ["b2", "10.png", "A10", "2.png", "a2", "run-10", "run-9"]
    assert sorted(names, key=natural_order) == ["2.png", "10.png", "a2", "A10", "b2", "run-9", "run-10"]


def test_what_the_system_says_becomes_an_error_of_ours(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    with (
        pytest.raises(DatasetError, match=r"absent: expected a file, found No such file.* Check it\."),
        system_errors_as(DatasetError, absent, expected="a file", remedy="Check it."),
    ):
        absent.read_bytes()
    with pytest.raises(ValueError, match="ours"), system_errors_as(DatasetError, "x", expected="", remedy=""):
        raise ValueError("ours")


def test_the_nearest_known_name_is_suggested() -> None:
    assert did_you_mean("cnnn", ["mlp", "cnn"]) == "Did you mean cnn?"
    assert did_you_mean("My-Digits.csv", ["my_digits.csv", "notes.txt"], likeness=0.8).endswith(
        "my_digits.csv?"
    )
    assert did_you_mean("weights", ["mlp", "cnn"]) == ""
