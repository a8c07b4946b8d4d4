"""The one place that imports Keras, so that every module gets the same one, set up the same way.

Keras picks its backend once, at its first import. JAX is ours: it installs in a third of TensorFlow's
size and trains dense networks several times faster. Whoever sets `KERAS_BACKEND`, or imports Keras
before inkdigits, decides otherwise.

Two settings make JAX and TensorFlow quicker on a CPU. Neither changes what is computed:

- XLA's newest convolution kernels take twice as long to train small images as the ones they replaced;
  `XLA_FLAGS` set by the user wins. Measured in docs/log.md#convolutions-on-a-cpu.
- glibc gives large arrays back to the system after each training step and page-faults them in again at
  the next. `keep_freed_memory` asks it not to.
"""

from __future__ import annotations

import ctypes
import os
import sys

import numpy as np

from inkdigits.errors import ConfigError
from inkdigits.extras import require

__all__ = ["backend_name", "keep_freed_memory", "keras", "make_deterministic", "seed_epoch"]

_BACKEND_EXTRAS = {"jax": "train", "tensorflow": "tensorflow", "torch": "torch"}

os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "jax"
if os.environ["KERAS_BACKEND"] not in _BACKEND_EXTRAS:
    raise ConfigError(
        "KERAS_BACKEND",
        expected=f"one of {', '.join(_BACKEND_EXTRAS)}",
        found=repr(os.environ["KERAS_BACKEND"]),
        remedy="Leave it unset to train with jax.",
    )
if os.environ["KERAS_BACKEND"] == "jax":
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_experimental_ynn_fusion_type=")

keras = require(
    "keras",
    extra=_BACKEND_EXTRAS[os.environ["KERAS_BACKEND"]],
    for_what=f"training with the {os.environ['KERAS_BACKEND']} backend of Keras",
)

# From glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_LARGEST_INT = 2**31 - 1


def backend_name() -> str:
    """The backend that Keras runs on: `jax`, `tensorflow` or `torch`."""
    return str(keras.backend.backend())


def keep_freed_memory() -> None:
    """Ask glibc to keep freed memory for the next training step; does nothing elsewhere."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _LARGEST_INT)


def make_deterministic(seed: int) -> None:
    """Seed what Keras draws from, and make the backend give the same bits for the same work."""
    keras.utils.set_random_seed(seed)
    if backend_name() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    elif backend_name() == "torch":
        import torch

        torch.use_deterministic_algorithms(True)


def seed_epoch(seed: int, epoch: int) -> None:
    """Seed what an epoch draws outside Keras's seed states: torch's dropout has a generator of its own."""
    (state,) = np.random.SeedSequence([seed, epoch]).generate_state(1)
    keras.utils.set_random_seed(int(state))
