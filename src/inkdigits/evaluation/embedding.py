"""A network's features of images, embedded in two dimensions: similar images lie close together.

Neighbourhoods in the embedding are meaningful; distances between groups and the sizes of groups are not
(https://distill.pub/2016/misread-tsne/).

Sources:
    van der Maaten and Hinton (2008), "Visualizing data using t-SNE", JMLR 9, which reduces to 30
    dimensions with PCA first, as here.
    Kobak and Berens (2019), "The art of using t-SNE for single-cell transcriptomics": the start from PCA.

Letters: N images, F features.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import DatasetError, ModelError
from inkdigits.extras import needing

with needing("train", for_what="maps of what a network has learned"):
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

__all__ = ["embed", "penultimate_features"]

_N_COMPONENTS = 30
_PERPLEXITY = 30.0  # roughly how many neighbours each image has
_LEAST_IMAGES = 5


def embed(features: NDArray[np.floating], generator: np.random.Generator) -> NDArray[np.float32]:
    """Embed N images in the plane: PCA to 30 dimensions, then t-SNE with a perplexity of 30.

    Meant for a few thousand images: 1,000 take about ten seconds on one core, and the time grows slightly
    faster than N (Barnes-Hut t-SNE).

    Args:
        features: (N, F), finite, of at least 5 images: those of `penultimate_features`, or plain pixels.
        generator: draws the seed; the same seed gives the same points on the same machine.

    Returns:
        Points (N, 2), without a unit; another seed may rotate them or place groups elsewhere.

    Raises:
        DatasetError: too few images or features, numbers that are not finite, or identical images.
    """
    _check(features)
    n_images, n_features = features.shape
    seed = int(generator.integers(2**31))
    pca = PCA(min(_N_COMPONENTS, n_images, n_features), random_state=seed)
    reduced = pca.fit_transform(features.astype(np.float64))  # (N, 30)
    # t-SNE needs about three times as many images as neighbours.
    tsne = TSNE(perplexity=min(_PERPLEXITY, (n_images - 1) / 3), init="pca", random_state=seed)
    points: NDArray[np.float32] = tsne.fit_transform(reduced).astype(np.float32)  # (N, 2)
    return points


def penultimate_features(model: Any, ink: NDArray[np.float32], batch_size: int = 500) -> NDArray[np.float32]:
    """The input of the last layer of a Keras model.

    Args:
        model: a built chain of layers, such as `inkdigits.models.build` returns.
        ink: (N, 28, 28), 0 paper to 1 ink.
        batch_size: images per call.

    Returns:
        Features (N, F); feature maps are flattened.

    Raises:
        ModelError: the model has not been built, or its last layer has several inputs.
    """
    from inkdigits.models.backend import keras  # takes seconds to load; `embed` does without

    try:
        entering = model.layers[-1].input
        until_last = keras.Model(model.inputs, entering)
    except (AttributeError, ValueError) as error:
        raise ModelError(
            "model",
            expected="a built Keras model whose last layer takes one input",
            found=str(error).splitlines()[0],
            remedy="Begin the model with keras.Input, or call it once on some ink.",
        ) from error
    features = until_last.predict(ink, batch_size=batch_size, verbose=0)
    return np.asarray(features, dtype=np.float32).reshape(len(ink), -1)


def _check(features: NDArray[np.floating]) -> None:
    if features.ndim != 2 or features.shape[0] < _LEAST_IMAGES or features.shape[1] < 2:
        raise DatasetError(
            "features",
            expected=f"the shape (N, F), at least {(_LEAST_IMAGES, 2)}",
            found=f"{features.shape}",
            remedy="Pass one row of features per image.",
        )
    if not np.isfinite(features).all():
        raise DatasetError(
            "features",
            expected="finite numbers",
            found="infinite ones or NaN",
            remedy="Look at the model's loss: its training may have diverged.",
        )
    if not np.ptp(features, axis=0).any():
        raise DatasetError(
            "features",
            expected="images that differ",
            found="the same features for all",
            remedy="Pass other images, or features of a trained model.",
        )
