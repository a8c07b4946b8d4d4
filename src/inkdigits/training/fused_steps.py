"""Several training steps in one compiled loop, on JAX: the weights come out the same, bit for bit.

Keras calls Python between the steps that it is given together: docs/log.md#steps-at-a-time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from inkdigits.models.backend import backend_name, keras

__all__ = ["fuse_steps", "n_fused_steps"]

_MOST = 128  # a tenth of a second, after which progress is shown
_LEAST = 16


def n_fused_steps(model: Any, steps: int) -> int:
    """How many of an epoch's steps the backend is given at a time.

    A step of a dense network is over sooner than Python can ask for the next one; one with convolutions has
    work enough. A number that divides the epoch is compiled once.
    """
    has_convolutions = any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers)
    if has_convolutions or backend_name() != "jax":
        return 1
    fused = max(n for n in range(1, min(_MOST, steps) + 1) if steps % n == 0)
    return max(fused, min(_LEAST, steps))


def fuse_steps(model: Any, fused: int) -> None:
    """Give a compiled model a train function that does so many steps in one compiled loop.

    Keras's contract of it: state and iterator in, logs of the last step and state out; an epoch's last steps
    may be fewer. Keras keeps its own where batches are shared among devices or go to an accelerator: the
    loop takes them from the processor's memory.
    """
    if fused == 1 or keras.distribution.distribution() is not None:
        return
    import jax

    if jax.default_backend() != "cpu":
        return

    def step(state: Any, batch: Any) -> tuple[Any, Any]:
        logs, state = model.train_step(state, batch)
        return state, logs

    @partial(jax.jit, donate_argnums=0)
    def scan(state: Any, batches: Any) -> tuple[Any, Any]:
        state, logs = jax.lax.scan(step, state, batches)
        return jax.tree.map(lambda values: values[-1], logs), state

    def train_function(state: Any, iterator: Iterator[tuple[Any, ...]]) -> tuple[Any, Any]:
        parts = zip(*islice(iterator, fused), strict=True)  # ink and targets, of every batch
        return scan(state, tuple(map(np.stack, parts)))  # type: ignore[no-any-return]

    model.train_function = train_function
