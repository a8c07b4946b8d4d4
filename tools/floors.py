"""The floors of the package, written down once: the test checks them, and the docs show them.

A module imports modules of lower floors only. `FLOORS[""]` orders the modules and packages at the root, from
the ground up; the other entries order what lies inside a package in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["FLOORS"]

FLOORS: Mapping[str, tuple[frozenset[str], ...]] = {
    package: tuple(frozenset(floor.split()) for floor in floors)
    for package, floors in {
        "": (
            "errors ink results",
            "extras files process",
            "config metrics",
            "pictures paper",
            "normalizer layout plots",
            "reading synthesis",
            "bulk datasets models recipes",
            "runs",
            "training evaluation adaptation",
            "deployment sklearn web",
            "cli",
            "__init__ __main__",
        ),
        "process": ("signals streams",),
        "pictures": ("formats grey decoders", "images walking", "documents"),
        "paper": ("pieces sheet", "contrast frames ruling", "binarization borders"),
        "normalizer": ("geometry digit", "normalizing", "__init__"),
        "reading": (
            "risk_control",
            "model_file session",
            "scores",
            "classifier decision numbers",
            "recognizer",
            "wording",
            "explanation",
        ),
        "layout": ("line", "cuts", "fields groups", "pages"),
        "reading.numbers": (
            "expectations line_model rapidocr_models",
            "beam patterns",
            "hypotheses second_reader text_lines",
            "agreement places",
            "reader",
            "drawing",
        ),
        "synthesis": (
            "strokes textures corruption pens hands wording clutter rare_shapes scribbles",
            "allographs augmentation drawings negatives strings scans",
        ),
        "bulk": ("sources", "pictures table", "job", "digits numbers parts", "local", "ray"),
        "deployment": ("serving_files",),
        "datasets": ("dataset", "catalogue classes", "roles", "formats", "known", "loading", "__init__"),
        "datasets.formats": (
            "content layout",
            "pixels",
            "glyphs idx npz pen_paths pictures tables uci_archive",
            "parquet text label_table",
            "files",
            "data_files",
            "folders",
        ),
        "datasets.known": ("download uci", "finding"),
        "models": ("backend", "layers", "mlp mlp2 cnn quick best numbers strided", "__init__"),
        "recipes": ("sources", "recipe", "shipped"),
        "runs": ("environment history", "folder", "comparison tensorboard"),
        "training": (
            "averaging calibration checkpoint devices fused_steps leaks onnx_graph progress streams writing",
            "compilation corpus export number_calibration number_corpus number_export",
            "loop number_batches",
            "numbers tuning",
        ),
        "adaptation": ("fitting last_layer", "adapting", "__init__"),
        "evaluation": ("report embedding occlusion", "evaluate"),
        "plots": ("canvas", "counts curves images insight", "__init__"),
        "web": (
            "settings corrections statistics",
            *(
                "http",
                "threads",
                "engine number_engine",
                "interface_page routes",
                "description",
                "app",
                "server",
            ),
        ),
        "web.http": ("answers mistakes", "problems", "bodies connections limits routing telemetry uploads"),
        "web.routes": ("tensors forms", "triton", "correcting describing pages predicting protocol reading"),
        "cli": (
            "folders options terminal",
            "bulk progress train_numbers",
            "adapt data demo evaluate export_serving predict read runs serve train tune",
            "app",
            "__init__",
        ),
    }.items()
}
