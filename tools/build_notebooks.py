"""Runs the notebooks: `python tools/build_notebooks.py [--check] [NAME...]`.

Each notebook has a plain-text twin, `notebooks/NAME.py`, which is what people edit and review. This writes
`NAME.ipynb` beside it, run from a fresh kernel in an empty folder, with its outputs. With --check nothing is
written: the notebook must have the twin's cells, and the twin must run without an error.

NOTEBOOK_DATA names the dataset, where that is not MNIST.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

__all__ = ["main", "run"]

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
TIMEOUT_S = 600  # a cell; a notebook is meant to take three minutes


def main() -> None:
    """Run all, or those that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="Without .py; all by default.")
    parser.add_argument("--check", action="store_true", help="Write nothing; fail where something is amiss.")
    options = parser.parse_args()
    stale = []
    for name in options.names or sorted(path.stem for path in FOLDER.glob("*.py")):
        notebook = jupytext.read(FOLDER / f"{name}.py")
        written = FOLDER / f"{name}.ipynb"
        if options.check and (not written.exists() or cells(nbformat.read(written, 4)) != cells(notebook)):
            stale.append(name)
        started = time.perf_counter()
        run(notebook)
        print(f"{name}: {time.perf_counter() - started:.0f} s")
        if not options.check:
            nbformat.write(notebook, written)
    if stale:
        sys.exit(f"not as their twins: {', '.join(stale)}; run: python tools/build_notebooks.py")


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """The kind and the text of each cell."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def run(notebook: nbformat.NotebookNode) -> None:
    """Run every cell in a fresh kernel, in a folder that is thrown away; the outputs stay in the notebook."""
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=TIMEOUT_S, resources={"metadata": {"path": folder}})
        client.execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # the same in every build, or each would be a change
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell["outputs"] = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata.pop("language_info", None)


if __name__ == "__main__":
    main()
