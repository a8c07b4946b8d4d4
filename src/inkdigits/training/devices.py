"""Training on several devices: each batch is dealt out among them, and all hold the same weights.

What is computed stays what one device computes: the loss, the gradient and the statistics of batch
normalisation are taken over the whole batch. Only the order of the sums differs, so the figures agree within
rounding. Validation and export run on every device alike, as their batches need not divide evenly.

Several processes, on one machine or on many, find each other by the environment variables of Keras or JAX.
Each reads the same data, shuffles it in the same way, and trains on its own part of every batch; each writes
a run folder of its own.

Source: https://keras.io/guides/distribution/ and https://docs.jax.dev/en/latest/multi_process.html.

Letters: N images, S steps, P processes, B images in a batch.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ConfigError, TrainingError
from inkdigits.models.backend import backend_name, keras

__all__ = ["Devices", "open_devices"]

_CLUSTER_VARIABLES = ("KERAS_DISTRIBUTION_JOB_ADDRESSES", "JAX_COORDINATOR_ADDRESS")


@dataclass(frozen=True)
class Devices:
    """The devices that share each batch.

    Attributes:
        n_devices: Number of devices, over all processes.
        n_processes: Number of processes that train together.
        process: Number of this process, from 0.
        distribution: How Keras shares a batch; None leaves it whole, on the device that Keras picks.
    """

    n_devices: int = 1
    n_processes: int = 1
    process: int = 0
    distribution: Any = None

    def scope(self) -> AbstractContextManager[None]:
        """Where a model has to be built, so that every device holds its variables."""
        return nullcontext() if self.distribution is None else self.distribution.scope()

    def fit(
        self, model: Any, inputs: NDArray[Any], targets: NDArray[Any], batch_size: int, callback: Any
    ) -> dict[str, list[float]]:
        """Train for one pass, in the order in which the images come; returns the mean figures of the pass.

        Args:
            model: built in `scope`.
            inputs: (N, ...), a whole number of batches.
            targets: (N, ...).
            batch_size: images a step, over all devices.
            callback: told of every step.
        """
        with self.scope():
            history = model.fit(
                self._own_part(inputs, batch_size),
                self._own_part(targets, batch_size),
                batch_size=batch_size // self.n_processes,
                shuffle=False,
                verbose=0,
                callbacks=[callback],
            )
        return dict(history.history)

    def check_agreement(self, n_epochs: int) -> None:
        """Check that all processes go on from the same epoch.

        Raises:
            TrainingError: they do not.
        """
        if self.n_processes == 1:
            return
        from jax.experimental import multihost_utils

        of_all = np.ravel(multihost_utils.process_allgather(np.array(n_epochs)))
        if len(set(of_all.tolist())) > 1:
            raise TrainingError(
                "--resume",
                expected="run folders with the same number of epochs in all processes",
                found=", ".join(str(n) for n in of_all),
                remedy="Copy checkpoint.npz of one process into the folders of the others.",
            )

    def _own_part(self, images: NDArray[Any], batch_size: int) -> NDArray[Any]:
        """The rows of each batch that this process trains on."""
        if self.n_processes == 1:
            return images
        parts = images.reshape(-1, self.n_processes, batch_size // self.n_processes, *images.shape[1:])
        return parts[:, self.process].reshape(-1, *images.shape[1:])  # (S, P, B / P, ...) -> (N / P, ...)


def open_devices(wanted: str | None, batch_size: int) -> Devices:
    """Find the devices, and join the other processes where the environment names them.

    Comes before anything is computed, as JAX counts its devices once.

    Args:
        wanted: `all`, or a number; None trains on the one device that Keras picks.
        batch_size: of a step, which has to divide evenly.

    Raises:
        ConfigError: the backend cannot share batches, there are fewer devices, or the batch does not divide.
    """
    if wanted is None:
        return Devices()
    _check_backend()
    import jax

    if any(os.environ.get(name) for name in _CLUSTER_VARIABLES) and not jax.distributed.is_initialized():
        keras.distribution.initialize()
    found = keras.distribution.list_devices()
    n_devices = len(found) if wanted == "all" else _number(wanted, len(found))
    n_processes = jax.process_count()
    if n_processes > 1 and n_devices != len(found):
        raise _error(
            f"all, as {n_processes} processes train together", wanted, "Give --devices all in each process."
        )
    if batch_size % n_devices:
        raise ConfigError(
            "training: batch_size",
            expected=f"a multiple of the {n_devices} devices that share it",
            found=str(batch_size),
            remedy=f"Set --batch-size {-(-batch_size // n_devices) * n_devices}, or use fewer --devices.",
        )
    # Every process cuts its part out of the batch by itself: Keras can do it for tf.data alone.
    distribution = keras.distribution.DataParallel(devices=found[:n_devices], auto_shard_dataset=False)
    return Devices(n_devices, n_processes, jax.process_index(), distribution)


def _check_backend() -> None:
    if backend_name() != "jax":
        raise _error(
            "Keras on JAX, which alone shares batches among devices",
            f"KERAS_BACKEND={backend_name()}",
            "Set KERAS_BACKEND=jax, or train on one device: leave --devices out.",
        )


def _number(wanted: str, n_found: int) -> int:
    if not wanted.isdecimal() or int(wanted) < 1:
        raise _error("all, or a number from 1", repr(wanted), "Give --devices all to use every device.")
    if int(wanted) > n_found:
        raise _error(
            f"at most {n_found}, as many as JAX sees",
            wanted,
            "Check `python -c 'import jax; print(jax.devices())'`: GPUs need jax[cuda12]. To try it on a "
            f"processor, set XLA_FLAGS=--xla_force_host_platform_device_count={wanted}.",
        )
    return int(wanted)


def _error(expected: str, found: str, remedy: str) -> ConfigError:
    return ConfigError("--devices", expected=expected, found=found, remedy=remedy)
