"""Random changes to training images that leave the digit what it is.

Every image is moved, turned, sheared and scaled (an affine map), and some are bent (elastic
deformation). Both are one warp, so each image is interpolated once. Some have their strokes changed
before, and some are corrupted after (`inkdigits.synthesis.corruption`). What an epoch looks like depends
on the generator alone, so a resumed run sees the images that an uninterrupted one would have seen.

Sources: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to
visual document analysis", 2003 (elastic deformation).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.config import require
from inkdigits.synthesis.corruption import corrupt, vary_stroke_width

__all__ = ["AugmentationConfig", "augment"]

_NEIGHBOURS_DISTANCE = (0.66, 0.84)  # of the picture's side: up to five pixels of the neighbour are seen
_BESIDE_SHARE = 0.8  # the others are above or below


@dataclass(frozen=True)
class AugmentationConfig:
    """How far images are changed; the defaults change nothing.

    Attributes:
        rotation_degrees: Largest rotation, in either direction.
        scale: Largest change of size as a fraction, independent on each axis.
        shear: Largest slant, as the tangent of the angle.
        shift_px: Largest shift along each axis.
        elastic_px: Root mean square of the elastic displacements.
        elastic_smoothness_px: Gaussian sigma that smooths the elastic displacements.
        elastic_share: Fraction of images, 0 to 1, that are deformed elastically.
        stroke_share: Fraction of images whose strokes are thickened or thinned.
        neighbour_share: Fraction of images that get the edge of another digit at their border, as in a
            careless crop.
        corruption_share: Fraction of images that are corrupted by noise, blur, fog, stripes and the like.
    """

    rotation_degrees: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift_px: float = 0.0
    elastic_px: float = 0.0
    elastic_smoothness_px: float = 4.0
    elastic_share: float = 0.5
    stroke_share: float = 0.0
    neighbour_share: float = 0.0
    corruption_share: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("rotation_degrees", "shear", "shift_px", "elastic_px"):
            value = getattr(self, name)
            require(value >= 0, f"augmentation: {name}", expected="0 or more", found=value)
        require(0 <= self.scale < 1, "augmentation: scale", expected="0 to below 1", found=self.scale)
        require(
            self.elastic_smoothness_px > 0,
            "augmentation: elastic_smoothness_px",
            expected="more than 0",
            found=self.elastic_smoothness_px,
        )
        for name in ("elastic_share", "stroke_share", "neighbour_share", "corruption_share"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"augmentation: {name}", expected="0 to 1", found=value)

    @property
    def changes_nothing(self) -> bool:
        """Whether every image would come back as it went in."""
        return not (self.warps or self.stroke_share or self.neighbour_share or self.corruption_share)

    @property
    def warps(self) -> bool:
        """Whether images are moved or bent."""
        return any((self.rotation_degrees, self.scale, self.shear, self.shift_px, self.elastic_px))


def augment(
    images: NDArray[np.uint8], config: AugmentationConfig, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Change each image in a way of its own; what comes in from outside is paper.

    Args:
        images: (N, H, W), 0 paper to 255 ink.
        config: how far.
        generator: where the randomness comes from.

    Returns:
        New images (N, H, W).
    """
    if config.stroke_share:
        images = vary_stroke_width(images, config.stroke_share, generator)
    if config.warps:
        images = _warp(images, config, generator)
    if config.neighbour_share:
        images = _with_neighbours(images, config.neighbour_share, generator)
    if config.corruption_share:
        images = corrupt(images, config.corruption_share, generator)
    return images


def _with_neighbours(
    images: NDArray[np.uint8], share: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Put other images a digit's width away, so that only their edges are in the picture."""
    n, height, width = images.shape
    crowded = images.copy()
    neighbours = generator.permutation(n)
    distances = generator.uniform(*_NEIGHBOURS_DISTANCE, n) * generator.choice([-1, 1], n)
    beside = np.less(generator.random(n), _BESIDE_SHARE)
    for i in np.flatnonzero(generator.random(n) < share):
        rows, columns = (0, round(distances[i] * width)) if beside[i] else (round(distances[i] * height), 0)
        seen = crowded[i, max(rows, 0) : height + rows, max(columns, 0) : width + columns]
        edge = images[neighbours[i], max(-rows, 0) : height - rows, max(-columns, 0) : width - columns]
        np.maximum(seen, edge[: seen.shape[0], : seen.shape[1]], out=seen)
    return crowded


def _warp(
    images: NDArray[np.uint8], config: AugmentationConfig, generator: np.random.Generator
) -> NDArray[np.uint8]:
    n, height, width = images.shape
    inverses = _inverse_affine_maps(n, config, generator)  # (N, 2, 2)
    shifts = generator.uniform(-config.shift_px, config.shift_px, (n, 2, 1, 1)).astype(np.float32)
    share = config.elastic_share if config.elastic_px else 0.0
    bent = np.less(generator.random(n), share)
    centre = np.array([(width - 1) / 2, (height - 1) / 2], np.float32)[:, None, None]
    offsets = np.indices((height, width), dtype=np.float32)[::-1] - centre  # (2, H, W), x before y
    warped = np.empty_like(images)
    for i in range(n):
        sources = (inverses[i] @ offsets.reshape(2, -1)).reshape(2, height, width) + centre - shifts[i]
        if bent[i]:
            sources += _elastic_field(height, width, config, generator)
        warped[i] = cv2.remap(images[i], sources[0], sources[1], cv2.INTER_LINEAR)
    return warped


def _inverse_affine_maps(
    n: int, config: AugmentationConfig, generator: np.random.Generator
) -> NDArray[np.float32]:
    """(N, 2, 2): where in the source each place of the result, seen from the centre, is found."""
    angle = np.radians(generator.uniform(-config.rotation_degrees, config.rotation_degrees, n))
    scale_x, scale_y = generator.uniform(1 - config.scale, 1 + config.scale, (2, n))
    shear = generator.uniform(-config.shear, config.shear, n)
    cosine, sine = np.cos(angle), np.sin(angle)
    forward = np.empty((n, 2, 2))
    forward[:, 0, 0] = cosine * scale_x
    forward[:, 0, 1] = (cosine * shear - sine) * scale_y
    forward[:, 1, 0] = sine * scale_x
    forward[:, 1, 1] = (sine * shear + cosine) * scale_y
    inverse: NDArray[np.float32] = np.linalg.inv(forward).astype(np.float32)
    return inverse


def _elastic_field(
    height: int, width: int, config: AugmentationConfig, generator: np.random.Generator
) -> NDArray[np.float32]:
    """(2, H, W) displacements: white noise, smoothed, then scaled to the wanted size."""
    noise = generator.standard_normal((height, width, 2), dtype=np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), config.elastic_smoothness_px)
    smooth *= config.elastic_px / max(float(np.sqrt(np.mean(smooth**2))), 1e-6)
    field: NDArray[np.float32] = np.ascontiguousarray(np.moveaxis(smooth, -1, 0))
    return field
