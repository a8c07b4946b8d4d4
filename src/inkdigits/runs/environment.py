"""What a run was made with: versions and machine, for whoever wants to repeat it."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata

__all__ = ["describe_environment", "library_versions"]

_LIBRARIES = (
    "inkdigits",
    "numpy",
    "keras",
    "jax",
    "tensorflow-cpu",
    "tensorflow",
    "torch",
    "onnx",
    "onnxruntime",
)


def library_versions() -> dict[str, str]:
    """The versions of the libraries that decide what comes out, of those that are installed."""
    versions = {}
    for library in _LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return versions


def describe_environment(backend: str, n_devices: int) -> str:
    """A JSON text: Python, libraries, backend, devices, processor, cores; no paths, no host name."""
    description = {
        "python": platform.python_version(),
        "backend": backend,
        "devices": n_devices,
        "libraries": library_versions(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }
    return json.dumps(description, indent=2) + "\n"
