"""The digits that come with scikit-learn: 1,797 of 8x8 pixels from UCI's optdigits. Needs no network.

Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (the test half of it).
"""

from __future__ import annotations

import numpy as np

from inkdigits.datasets.dataset import Dataset, Split
from inkdigits.datasets.formats.pixels import to_images
from inkdigits.extras import require

__all__ = ["load_uci"]

N_TEST = 360
_FOR = "the dataset uci"
SPLIT_SEED = 20_260  # any number; fixed, so that results can be compared


def load_uci() -> Dataset:
    """1,437 digits to train with and 360 to test with, in MNIST's form; the same ones every time.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    digits = require("sklearn.datasets", extra="train", for_what=_FOR).load_digits()
    images, notes = to_images("uci", np.asarray(digits.images))
    labels = np.asarray(digits.target, dtype=np.int64)
    train, test = require("sklearn.model_selection", extra="train", for_what=_FOR).train_test_split(
        np.arange(len(labels)), test_size=N_TEST, stratify=labels, random_state=SPLIT_SEED
    )
    return Dataset(
        "uci",
        Split(images[train], labels[train]),
        Split(images[test], labels[test]),
        notes=(*notes, "the split is inkdigits' own: the same writers may be on both sides"),
    )
