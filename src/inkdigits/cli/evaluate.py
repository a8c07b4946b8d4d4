"""inkdigits evaluate: measure a run or a model on labelled data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkdigits.cli.folders import writing_into
from inkdigits.cli.terminal import paint, percent
from inkdigits.errors import DatasetError

if TYPE_CHECKING:
    from inkdigits.evaluation.report import Report
    from inkdigits.reading.classifier import Classifier

__all__ = ["evaluate"]

_MOST_COLUMNS = 11  # of six characters beside the names, in 80


def evaluate(
    run_or_model: Annotated[
        str, typer.Argument(metavar="RUN_OR_MODEL", help="A run folder, an ONNX file, or `bundled`.")
    ],
    data: Annotated[
        str | None,
        typer.Option(metavar="NAME_OR_PATH", help="The dataset.", show_default="a run's own, else mnist"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write the figures, and pictures of them, into DIR.", show_default="none"
        ),
    ] = None,
) -> None:
    """Measure a model on the test part of a dataset.

    Example: inkdigits evaluate runs/cnn-1 --out report
    """
    from inkdigits.datasets import combine, in_classes, load
    from inkdigits.evaluation import evaluate as evaluation
    from inkdigits.ink import to_ink

    classifier, usual_data = _open(run_or_model)
    if classifier.record.adapted_to is not None:
        n_samples = sum(classifier.record.adapted_counts)
        typer.echo(f"note: adapted to {n_samples:,} samples of {classifier.record.adapted_to}", err=True)
    dataset = combine([load(name) for name in ([data] if data else usual_data)])
    if classifier.record.class_names:
        dataset = in_classes(dataset, classifier.record.classes)
    split = dataset.for_evaluation()
    if dataset.class_names != classifier.record.classes and classifier.record.class_names:
        raise DatasetError(
            dataset.name,
            expected=f"the classes of the model: {_listed(classifier.record.classes)}",
            found=_listed(dataset.class_names),
            remedy="Name data that shows what the model was trained on, with --data.",
        )
    if dataset.test is None:
        part = "training" if dataset.validation is None else "validation"
        typer.echo(f"note: {dataset.name} has no test part: measured on its {part} part", err=True)
    report = evaluation.evaluate(
        lambda images: classifier.probabilities(to_ink(images)),
        split,
        name=f"{run_or_model} on {dataset.name}",
        class_names=dataset.class_names,
    )
    if out is not None:
        with writing_into(out, "--out"):
            evaluation.write_report(report, split, out)
        typer.echo(f"report written to {out}", err=True)
    typer.echo(json.dumps(report.to_json()) if as_json else _text(report))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def _open(run_or_model: str) -> tuple[Classifier, tuple[str, ...]]:
    """The classifier, and the data to measure it on by default: a run's own, else MNIST."""
    from inkdigits.reading.classifier import Classifier
    from inkdigits.reading.model_file import bundled_model
    from inkdigits.runs.folder import RunFolder, onnx_file

    if run_or_model == "bundled":
        return Classifier(bundled_model(), n_threads=0), ("mnist",)
    model = onnx_file(Path(run_or_model))
    classifier = Classifier(model, n_threads=0)
    if model == Path(run_or_model):
        return classifier, ("mnist",)
    return classifier, tuple(source.name for source in RunFolder(model.parent).read_recipe().sources)


def _text(report: Report) -> str:
    """The report as a screenful of at most 80 columns."""
    interval, n_images = report.interval, report.n_images
    accuracy, low, high = (percent(x, n_images) for x in (report.accuracy, interval.low, interval.high))
    figures = paint(accuracy, "green", bold=True)
    coverages = "; ".join(f"{point.coverage:.1%} at {point.risk:.1%}" for point in report.coverages)
    lines = [
        paint(report.name, bold=True),
        f"  accuracy           {figures}, 95% interval {low} to {high} ({report.n_right:,} of {n_images:,})",
        f"  log-loss           {report.log_loss:.4f}",
        f"  calibration error  {report.calibration_error:.2%}",
        f"  read, with errors  {coverages}",
        f"  speed              {report.images_per_second:,.0f} images/s",
        "",
        paint(f"  {'':<12} precision  recall      F1  images", dim=True),
    ]
    for name, scores in zip(report.class_names, report.per_digit, strict=True):
        shares = (percent(x, scores.support) for x in (scores.precision, scores.recall, scores.f1))
        precision, recall, f1 = shares
        lines.append(f"  {name[:12]:<12} {precision:>9} {recall:>7} {f1:>7} {scores.support:>7,}")
    return "\n".join([*lines, "", *_confusion(report)])


def _confusion(report: Report) -> list[str]:
    """The confusion matrix with headings; the right answers green, zeros as dots."""
    names = report.class_names
    if len(names) > _MOST_COLUMNS:
        return [f"  the confusion matrix of {len(names)} classes is in the report: --out DIR"]
    lines = ["  confusion matrix: a row for each label, a column for each answer"]
    lines.append(paint(" " * 14 + "".join(f"{name[:5]:>6}" for name in names), dim=True))
    for row, (name, counts) in enumerate(zip(names, report.confusion, strict=True)):
        cells = [f"{count or '.':>6}" for count in counts]
        painted = [
            paint(cell, "green", bold=True)
            if column == row
            else paint(cell, "yellow" if counts[column] else None, dim=not counts[column])
            for column, cell in enumerate(cells)
        ]
        lines.append(f"  {name[:12]:<12}" + "".join(painted))
    return lines
