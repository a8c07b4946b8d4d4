"""Files that others made, as people find them: each comes out right or is refused for the right reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkdigits.datasets import Dataset, Split, load
from inkdigits.errors import DatasetError

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def formats(real_data: Path) -> Path:
    if not (real_data / "formats").is_dir():
        pytest.skip("INKDIGITS_DATA has no folder called formats")
    return real_data / "formats"


@pytest.fixture(scope="module")
def mnist(real_data: Path) -> Dataset:
    return load("mnist", environ={"INKDIGITS_DATA": str(real_data)})


def parts(dataset: Dataset) -> tuple[Split, Split]:
    assert dataset.train is not None
    assert dataset.test is not None
    return dataset.train, dataset.test


def test_mnist(mnist: Dataset) -> None:
    train, test = parts(mnist)
    assert train.images.shape == (60_000, 28, 28)
    assert test.images.shape == (10_000, 28, 28)
    assert train.labels is not None
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]


@pytest.mark.parametrize(
    ("name", "part", "n_pictures", "first_labels"),
    [
        ("csv_MarioIvanov__mnist_small.csv", "train", 19, [7]),
        ("csv_MarioIvanov__mnist_nolabel.csv", "train", 19, None),
        ("csv_MarioIvanov__mnist_single.csv", "train", 1, None),
        ("csv_header_label_1x1__mnist_200.csv", "train", 199, []),
        ("csv_noheader_label_first__mnist_test_10.csv", "test", 10, [7, 2, 1, 0, 4]),
        ("csv_noheader_label_first__mnist_train_100.csv", "train", 100, [5, 0, 4, 1, 9]),
        ("parquet__mnist_test.parquet", "test", 10_000, [7, 2, 1, 0, 4]),
        ("idx_gz__t10k-images-idx3-ubyte.gz", "test", 10_000, [7, 2, 1, 0, 4]),
        ("idx_gz__t10k-labels-idx1-ubyte.gz", "test", 10_000, [7, 2, 1, 0, 4]),
        ("libsvm__spark_sample_libsvm_data_variant.txt", "train", 200, [0]),
        ("arff__Semeion.arff", "train", 1593, [0]),
        ("arff__optdigits.arff", "train", 3823, [0, 0, 7]),
        ("png_folders__rasbt", "train", 300, [0]),
        ("png_flat__JingyZhu", "train", 300, None),
    ],
)
def test_read(formats: Path, name: str, part: str, n_pictures: int, first_labels: list[int] | None) -> None:
    dataset = load(formats / name)
    split = dataset.train if part == "train" else dataset.test
    assert split is not None
    assert split.images.shape == (n_pictures, 28, 28)
    assert split.images.max() > 200
    assert np.median(split.images) == 0  # paper is 0
    if first_labels is None:
        assert split.labels is None
    else:
        assert split.labels is not None
        assert split.labels[: len(first_labels)].tolist() == first_labels


@pytest.mark.parametrize("name", ["parquet__mnist_test.parquet", "idx_gz__t10k-images-idx3-ubyte.gz"])
def test_other_formats_of_mnist_are_mnist(formats: Path, mnist: Dataset, name: str) -> None:
    copy = load(formats / name).test
    assert copy is not None
    np.testing.assert_array_equal(copy.images, parts(mnist)[1].images)
    np.testing.assert_array_equal(copy.labels, parts(mnist)[1].labels)


def test_csv_rows_are_mnists(formats: Path, mnist: Dataset) -> None:
    train = load(formats / "csv_noheader_label_first__mnist_train_100.csv").train
    assert train is not None
    np.testing.assert_array_equal(train.images, parts(mnist)[0].images[:100])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("csv_quoted_word_labels__optdigits8x8_called_mnist_small.csv", "the word 'zero'"),
        ("csv_quoted_word_labels__optdigits8x8_called_mnist_large.csv", "the word 'zero'"),
        ("broken__html_page_saved_as_libsvm.txt", "a web page"),
        ("hdf5__usps.h5", "an HDF5 file"),
        ("README.txt", "something else"),
        (".", "files: arff__Semeion.arff"),
    ],
)
def test_refused(formats: Path, name: str, found: str) -> None:
    with pytest.raises(DatasetError, match=found):
        load(formats / name)


def test_mnists_test_under_the_name_of_training(formats: Path, tmp_path: Path) -> None:
    copy = tmp_path / "train.parquet"
    copy.write_bytes((formats / "parquet__mnist_test.parquet").read_bytes())
    with pytest.raises(DatasetError, match="the test pictures of mnist as training pictures"):
        load(copy)
