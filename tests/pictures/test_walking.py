"""Folders of folders: what is read, in which order, and what is left out."""

from __future__ import annotations

from pathlib import Path

from inkdigits.pictures.walking import Skipped, summarize, walk


def test_folders_are_walked_in_natural_order_and_the_rest_is_named(tmp_path: Path) -> None:
    for name in (
        "10.png",
        "2.png",
        "b/1.jpg",
        "a10/1.png",
        "a9/1.png",
        "x.HEIC",
        "y.pdf",
        "z",
        ".h.png",
        ".g/1.png",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "around").symlink_to(tmp_path)
    found = list(walk(tmp_path))
    read = [str(each.relative_to(tmp_path)) for each in found if isinstance(each, Path)]
    left_out = {each.path.name: each.what for each in found if isinstance(each, Skipped)}
    assert read == ["2.png", "10.png", "a9/1.png", "a10/1.png", "b/1.jpg"]
    assert left_out == {
        "around": "link",
        "x.HEIC": "HEIC file",
        "y.pdf": "PDF file",
        "z": "file without a suffix",
    }
    assert tmp_path / "x.HEIC" in walk(tmp_path, also=(".heic",))


def test_a_summary_names_a_few_of_each_kind() -> None:
    skipped = [Skipped(Path(f"{i}.heic"), "HEIC file") for i in range(5)] + [Skipped(Path("a"), "link")]
    assert summarize(skipped) == (
        "Not read: 5 x HEIC file (0.heic, 1.heic, 2.heic and 2 more), 1 x link (a). "
        "Save pictures of other formats as JPEG or PNG."
    )
    assert summarize(skipped[-1:]) == "Not read: 1 x link (a)."
    assert summarize([]) == ""
