"""What each kind of source stands for, in which order, and how it is read."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from inkdigits.bulk.pictures import open_pictures
from inkdigits.bulk.sources import Chunk, Grain, ParquetRows, chunks_of, take_inventory
from inkdigits.errors import ConfigError, ImageError
from tests.bulk.made_up_pictures import write_pictures


def names(*sources: str | Path) -> list[str]:
    """The pictures' names, as the workers give them."""
    return [name for chunk in chunks_of(map(str, sources), Grain()) for name, _ in open_pictures(chunk)]


def contents(*sources: str | Path) -> list[bytes]:
    """What is in the pictures."""
    read = []
    for chunk in chunks_of(map(str, sources), Grain()):
        for _, content in open_pictures(chunk):
            assert not isinstance(content, ImageError), content
            read.append(content.read_bytes() if isinstance(content, Path) else content)
    return read


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    return write_pictures(tmp_path / "pictures", 12)


def test_files_stand_for_themselves_even_where_nothing_is(pictures: list[Path], tmp_path: Path) -> None:
    missing = tmp_path / "missing.png"
    assert names(pictures[3], missing, pictures[1]) == [str(pictures[3]), str(missing), str(pictures[1])]


def test_a_folder_is_read_in_natural_order(pictures: list[Path]) -> None:
    assert names(pictures[0].parent) == [str(path) for path in pictures]


def test_folders_in_a_folder_are_read_and_other_files_are_named(pictures: list[Path]) -> None:
    folder = pictures[0].parent
    inner = write_pictures(folder / "more", 2)
    (folder / "notes.txt").touch()
    assert names(folder) == [*map(str, pictures), *map(str, inner)]
    assert [each.path.name for each in take_inventory([str(folder)], Grain()).skipped] == ["notes.txt"]


def test_a_pattern_is_read_in_natural_order(pictures: list[Path]) -> None:
    matching = [str(path) for path in pictures if path.stem.startswith("1")]  # 1, 10, 11, 12
    assert names(pictures[0].parent / "1*.png") == matching


def test_a_pattern_that_matches_nothing_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected a pattern that matches files"):
        names(tmp_path / "*.png")


def test_a_file_whose_name_looks_like_a_pattern(tmp_path: Path, pictures: list[Path]) -> None:
    odd = pictures[0].rename(tmp_path / "page[1].png")
    assert names(odd) == [str(odd)]


def test_a_list_holds_a_source_a_line(pictures: list[Path], tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{pictures[2]}\n\n{pictures[0].parent}\n", encoding="utf-8")
    assert names(f"@{listed}") == [str(pictures[2]), *map(str, pictures)]


def test_an_archive_gives_its_pictures_in_its_order(pictures: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "shard.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(pictures[5], "b.png")
        archive.addfile(tarfile.TarInfo("b.txt"), io.BytesIO())
        archive.add(pictures[2], "inner/a.PNG")
    assert names(path) == [f"{path}/b.png", f"{path}/inner/a.PNG"]
    assert contents(path) == [pictures[5].read_bytes(), pictures[2].read_bytes()]


@pytest.mark.parametrize("as_struct", [False, True])
def test_a_table_gives_a_picture_a_row(pictures: list[Path], tmp_path: Path, as_struct: bool) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    cells = [path.read_bytes() for path in pictures]
    column = [{"bytes": cell, "path": None} for cell in cells] if as_struct else cells
    path = tmp_path / "digits.parquet"
    parquet.write_table(arrow.table({"label": list(range(12)), "image": column}), path, row_group_size=5)
    assert names(path) == [f"{path}#{row}" for row in range(12)]
    assert contents(path) == cells


def test_an_empty_cell_is_an_error_of_its_own(tmp_path: Path, pictures: list[Path]) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "digits.parquet"
    parquet.write_table(arrow.table({"image": [pictures[0].read_bytes(), None]}), path)
    (chunk,) = chunks_of([str(path)], Grain())
    kinds = [type(content) for _, content in open_pictures(chunk)]
    assert kinds == [bytes, ImageError]


def test_a_table_without_pictures_is_a_wrong_call(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "numbers.parquet"
    parquet.write_table(arrow.table({"label": [1, 2]}), path)
    with pytest.raises(ConfigError, match="one column of image bytes"):
        names(path)


@pytest.mark.parametrize("name", ["broken.tar", "broken.parquet"])
def test_a_broken_container_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(ConfigError, match=name):
        names(path)


def test_a_compressed_archive_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gunzip"):
        names(tmp_path / "shard.tar.gz")


def test_rows_stay_apart_from_files(pictures: list[Path], tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "digits.parquet"
    parquet.write_table(arrow.table({"image": [pictures[0].read_bytes()] * 3}), path)
    kinds = [
        type(chunk.pictures) for chunk in chunks_of([str(pictures[0]), str(path), str(pictures[1])], Grain())
    ]
    assert kinds == [tuple, ParquetRows, tuple]


def test_the_fingerprint_sees_names_sizes_and_times(pictures: list[Path]) -> None:
    folder = str(pictures[0].parent)
    before = take_inventory([folder], Grain())
    assert before.n_pictures == 12
    assert take_inventory([folder], Grain()) == before
    os.utime(pictures[4], (1, 1))
    assert take_inventory([folder], Grain()).fingerprint != before.fingerprint


def test_chunks_are_numbered_and_bounded(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"{number}.png\n" for number in range(700)), encoding="utf-8")
    chunks: list[Chunk] = list(chunks_of([f"@{listed}"], Grain()))
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert sum(map(len, chunks)) == 700
    assert max(map(len, chunks)) <= 256
