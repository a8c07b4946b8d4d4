"""A record with arrays is shown in a line or two, whatever it holds."""

from __future__ import annotations

import numpy as np

from inkdigits.datasets import Dataset, Split
from inkdigits.normalizer import normalize
from inkdigits.reading.recognizer import Examination
from inkdigits.results import Prediction, Reason
from inkdigits.training.corpus import LabelledImages, TrainingData

IMAGES = np.zeros((2000, 28, 28), np.uint8)
LABELS = np.zeros(2000, np.int64)


def test_records_are_short() -> None:
    split = Split(IMAGES, LABELS)
    labelled = LabelledImages(IMAGES, LABELS)
    page = np.full((200, 300), 255, np.uint8)
    prediction = Prediction(None, 0.0, (0.1,) * 10, refused=True, reason=Reason.BLANK, box=None)
    for record in (
        split,
        Dataset("mine", split, split, notes=("long " * 100,), validation=split),
        labelled,
        TrainingData(tuple("0123456789"), labelled, labelled, None),
        normalize(page),
        prediction,
        Examination(page, normalize(page), prediction, tuple("0123456789")),
    ):
        assert len(repr(record)) < 800
        assert "[" not in repr(record), "no pixels"
        assert repr(record).startswith(type(record).__name__)
    assert repr(split) == "Split(images=uint8 (2000, 28, 28), labels=int64 (2000,), writers=None)"
