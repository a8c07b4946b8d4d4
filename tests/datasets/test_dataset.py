"""Dataset: combining, judging, describing."""

from __future__ import annotations

import numpy as np
import pytest

from inkdigits.datasets import Dataset, Split, combine, describe, in_classes, shown_classes
from inkdigits.errors import DatasetError
from tests.datasets.made_up import make_pair


def part(n_pictures: int, *, labelled: bool = True) -> Split:
    images, labels = make_pair(n_pictures, seed=n_pictures)
    return Split(images, labels if labelled else None)


def test_combine_keeps_the_parts_apart() -> None:
    both = combine([Dataset("a", part(3), part(2), notes=("x",)), Dataset("b", None, part(4))])
    assert both.name == "a+b"
    assert both.train is not None
    assert both.test is not None
    assert (len(both.train), len(both.test)) == (3, 6)
    assert both.test.labels is not None
    np.testing.assert_array_equal(both.test.labels, [0, 1, 0, 1, 2, 3])
    assert both.notes == ("a: x",)


def test_combine_one_is_that_one() -> None:
    dataset = Dataset("a", part(3), None)
    assert combine([dataset]) is dataset


def test_a_part_of_the_classes_keeps_its_names() -> None:
    letters = Dataset("letters", part(6), None, class_names=("A", "B", "C", "D"))
    few = Dataset("few", Split(part(2).images, np.array([0, 1])), None, class_names=("B", "D"))
    both = combine([letters, few])
    assert both.class_names == letters.class_names
    assert both.train is not None
    assert both.train.labels is not None
    assert both.train.labels[-2:].tolist() == [1, 3]
    with pytest.raises(DatasetError, match="some of the classes of few"):
        combine([few, letters])


def test_combine_refuses() -> None:
    with pytest.raises(DatasetError, match="at least one"):
        combine([])
    with pytest.raises(DatasetError, match="the classes of a"):
        combine([Dataset("a", part(3), None), Dataset("b", part(3), None, class_names=("x",) * 10)])
    with pytest.raises(DatasetError, match="b: expected labels"):
        combine([Dataset("a", part(3), None), Dataset("b", part(2, labelled=False), None)])


def test_for_evaluation() -> None:
    assert len(Dataset("a", part(3), part(2)).for_evaluation()) == 2
    assert len(Dataset("a", part(3), None).for_evaluation()) == 3
    for bad in (Dataset("a", part(3), part(2, labelled=False)), Dataset("a", None, None)):
        with pytest.raises(DatasetError, match="labels to judge"):
            bad.for_evaluation()


def test_describe() -> None:
    text = describe(Dataset("a", part(12), part(2, labelled=False), notes=("did this",)))
    assert "train: 12 pictures" in text
    assert "0: 2, 1: 2, 2: 1" in text
    assert "without labels" in text
    assert "note: did this" in text


def test_labels_among_other_classes() -> None:
    few = Dataset("few", Split(part(3).images, np.array([3, 8, 3])), None)
    assert shown_classes(few) == ("3", "8")
    among = in_classes(few, ("8", "3"))
    assert among.class_names == ("8", "3")
    assert among.train is not None
    assert among.train.labels is not None
    assert among.train.labels.tolist() == [1, 0, 1]
    assert in_classes(few, ("3", "4")) is few, "it shows eights, for which there is no class"
