"""What a run reached after each epoch, its form in history.csv, and what runs are compared by."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["EpochResult", "RunOrder", "epochs_since_best", "history_from_csv", "history_to_csv"]


@dataclass(frozen=True)
class EpochResult:
    """One line of a run's history; losses are means in nats, accuracies are fractions, 0 to 1.

    `epoch` counts from 1. The validation figures are None in a run that keeps no images for validation.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    images_per_second: float


class RunOrder(StrEnum):
    """What runs are put in order by; accuracy and loss are those on the validation images."""

    ACCURACY = "accuracy"
    LOSS = "loss"
    TIME = "time"
    NAME = "name"


def epochs_since_best(history: Sequence[EpochResult]) -> int:
    """How many epochs came after the first one of the lowest validation loss; 0 where none is known."""
    losses = [
        math.inf if loss is None or math.isnan(loss) else loss
        for loss in (result.validation_loss for result in history)
    ]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def history_to_csv(history: Sequence[EpochResult]) -> str:
    """The history as CSV with a header; a missing figure is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(EpochResult.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(result) for result in history)
    return text.getvalue()


def history_from_csv(text: str) -> list[EpochResult]:
    """The history that `history_to_csv` wrote.

    Raises:
        ValueError: a column is missing, or a line does not hold the figures of an epoch.
        csv.Error: it is not CSV.
    """
    lines = csv.DictReader(text.splitlines(), strict=True)
    missing = [name for name in EpochResult.__dataclass_fields__ if name not in (lines.fieldnames or ())]
    if missing:
        raise ValueError("no column " + ", ".join(missing))
    return [_epoch(line) for line in lines]


def _epoch(line: Mapping[str, str]) -> EpochResult:
    if None in line or None in line.values():
        raise ValueError(f"a line that is cut off or too long, at epoch {line['epoch']}")
    validation_loss, validation_accuracy = line["validation_loss"], line["validation_accuracy"]
    return EpochResult(
        epoch=int(line["epoch"]),
        loss=float(line["loss"]),
        accuracy=float(line["accuracy"]),
        validation_loss=float(validation_loss) if validation_loss else None,
        validation_accuracy=float(validation_accuracy) if validation_accuracy else None,
        images_per_second=float(line["images_per_second"]),
    )
