"""Damage that leaves a digit readable: noise, blur, fog, stripes, lines across, edges only, bad geometry.

After MNIST-C (Mu and Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019), whose fifteen
corruptions a network trained on clean digits does not survive. The code is this project's own: the kinds
are the same, the strengths vary from weak to somewhat beyond that benchmark's.

N is the number of images; planes hold 0 paper to 1 ink.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import SIDE, Plane, to_bytes, to_ink

__all__ = ["CORRUPTIONS", "corrupt", "corrupt_with", "vary_stroke_width"]

Maker = Callable[[Plane, np.random.Generator], Plane]

_MAX_TURN_DEGREES = 35.0  # far from the 180 that make a 9 of a 6
_STROKE_CHANGE_PX = 0.8


def corrupt(images: NDArray[np.uint8], share: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Corrupt a share of the images, each in one way drawn at random.

    Args:
        images: (N, 28, 28), 0 paper to 255 ink.
        share: 0 to 1.
        generator: where the randomness comes from.

    Returns:
        New images (N, 28, 28).
    """
    corrupted = images.copy()
    kinds = generator.integers(0, len(CORRUPTIONS), len(images))
    for i in np.flatnonzero(generator.random(len(images)) < share):
        corrupted[i] = _apply(_MAKERS[CORRUPTIONS[kinds[i]]], images[i], generator)
    return corrupted


def corrupt_with(name: str, images: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Corrupt every image (N, 28, 28) in the way of that name, one of `CORRUPTIONS`."""
    return np.stack([_apply(_MAKERS[name], image, generator) for image in images])


def vary_stroke_width(
    images: NDArray[np.uint8], share: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Make the strokes of a share of the images (N, 28, 28) thicker or thinner by part of a pixel."""
    varied = images.copy()
    change = generator.uniform(-_STROKE_CHANGE_PX, _STROKE_CHANGE_PX, len(images)).astype(np.float32)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    for i in np.flatnonzero(generator.random(len(images)) < share):
        moved = (cv2.dilate if change[i] > 0 else cv2.erode)(images[i], cross)
        varied[i] = cv2.addWeighted(moved, float(abs(change[i])), images[i], float(1 - abs(change[i])), 0)
    return varied


def _apply(maker: Maker, image: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    plane = to_ink(image)
    result: NDArray[np.uint8] = to_bytes(np.clip(maker(plane, generator), 0, 1))
    return result


# Noise.


def _shot_noise(plane: Plane, generator: np.random.Generator) -> Plane:
    photons = generator.uniform(3, 30)
    return (generator.poisson(plane * photons) / photons).astype(np.float32)


def _impulse_noise(plane: Plane, generator: np.random.Generator) -> Plane:
    share = generator.uniform(0.05, 0.4)
    hit = generator.random(plane.shape)
    return np.where(hit < share / 2, 1, np.where(hit < share, 0, plane)).astype(np.float32)


def _grain(plane: Plane, generator: np.random.Generator) -> Plane:
    sigma = generator.uniform(0.05, 0.35)
    return plane + np.float32(sigma) * generator.standard_normal(plane.shape, dtype=np.float32)


# Blur.


def _glass_blur(plane: Plane, generator: np.random.Generator) -> Plane:
    """Neighbours change places at random, between two blurs."""
    reach = generator.uniform(0.8, 2.2)
    rows, columns = np.indices(plane.shape, dtype=np.float32)
    jitter = generator.uniform(-reach, reach, (2, *plane.shape)).astype(np.float32)
    blurred = cv2.GaussianBlur(plane, (0, 0), 0.7)
    moved = cv2.remap(blurred, columns + jitter[0], rows + jitter[1], cv2.INTER_NEAREST)
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), 0.7), np.float32)


def _motion_blur(plane: Plane, generator: np.random.Generator) -> Plane:
    length, angle = generator.uniform(4, 11), generator.uniform(-np.pi / 2, np.pi / 2)
    kernel = np.zeros((13, 13), np.float32)
    half = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    ends = [tuple(int(v) for v in np.rint((6 + sign * half) * 16)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(cv2.filter2D(plane, -1, kernel / kernel.sum()), np.float32)


def _defocus(plane: Plane, generator: np.random.Generator) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), generator.uniform(0.7, 2.0)), np.float32)


def _low_resolution(plane: Plane, generator: np.random.Generator) -> Plane:
    side = int(generator.integers(9, 17))
    small = cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA)
    method = cv2.INTER_NEAREST if generator.random() < 0.3 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small, plane.shape, interpolation=method), np.float32)


# Light.


def _brightness(plane: Plane, generator: np.random.Generator) -> Plane:
    return plane + np.float32(generator.uniform(0.1, 0.65))


def _faint(plane: Plane, generator: np.random.Generator) -> Plane:
    return plane * np.float32(generator.uniform(0.25, 0.8))


def _fog(plane: Plane, generator: np.random.Generator) -> Plane:
    """Clouds: noise of several scales, the coarser the stronger."""
    clouds = np.zeros(plane.shape, np.float32)
    for side in (2, 4, 8, 16):
        noise = generator.random((side, side), dtype=np.float32) * np.float32(2 / side)
        clouds += cv2.resize(noise, plane.shape, interpolation=cv2.INTER_CUBIC)
    low, high = float(clouds.min()), float(clouds.max())
    strength = generator.uniform(0.5, 2.2)
    fogged = plane + np.float32(strength) * (clouds - np.float32(low)) / np.float32(max(high - low, 1e-6))
    return fogged * np.float32(max(1.0, plane.max()) / (max(1.0, plane.max()) + strength))


# Things across.


def _stripe(plane: Plane, generator: np.random.Generator) -> Plane:
    """Bands at the sides change places with their negative."""
    striped = plane.copy()
    left, right = generator.integers(4, 10, 2)
    if generator.random() < 0.8:
        striped[:, :left] = 1 - striped[:, :left]
        striped[:, SIDE - right :] = 1 - striped[:, SIDE - right :]
    else:
        striped[:left] = 1 - striped[:left]
        striped[SIDE - right :] = 1 - striped[SIDE - right :]
    return striped


def _spatter(plane: Plane, generator: np.random.Generator) -> Plane:
    noise = cv2.GaussianBlur(generator.standard_normal(plane.shape, dtype=np.float32), (0, 0), 1.2)
    drops = np.clip((noise - np.quantile(noise, generator.uniform(0.78, 0.95))) * 6, 0, 1)
    return np.asarray(plane + drops.astype(np.float32) * np.float32(generator.uniform(0.4, 1.0)), np.float32)


def _line(plane: Plane, points: NDArray[np.float64], level: float, thickness: int = 1) -> Plane:
    drawn = plane.copy()
    fixed = np.rint(points * 16).astype(np.int32)
    cv2.polylines(drawn, [fixed], False, level, thickness, cv2.LINE_AA, 4)
    return np.maximum(drawn, plane)


def _across(generator: np.random.Generator, n_points: int) -> NDArray[np.float64]:
    """(n_points, 2) points on a line from one side of the picture to the other."""
    start, end = generator.uniform(2, 26, 2)
    xs = np.linspace(-1, SIDE, n_points)
    points = np.stack([xs, np.linspace(start, end, n_points)], axis=1)
    return points[:, ::-1] if generator.random() < 0.5 else points


def _dotted_line(plane: Plane, generator: np.random.Generator) -> Plane:
    dotted = plane.copy()
    for x, y in np.rint(_across(generator, int(generator.integers(10, 18)))).astype(int):
        if 0 <= x < SIDE and 0 <= y < SIDE:
            dotted[y, x] = 1
            dotted[y, min(x + 1, SIDE - 1)] = 1
    return dotted


def _zigzag(plane: Plane, generator: np.random.Generator) -> Plane:
    points = _across(generator, int(generator.integers(6, 14)))
    points += np.where(np.arange(len(points)) % 2, 1, -1)[:, None] * generator.uniform(0.8, 2.5)
    return _line(plane, points, 1.0)


def _ruled_line(plane: Plane, generator: np.random.Generator) -> Plane:
    return _line(plane, _across(generator, 2), float(generator.uniform(0.4, 1.0)))


def _neighbour(plane: Plane, generator: np.random.Generator) -> Plane:
    """The remains of a stroke beside the digit."""
    side = generator.choice([generator.uniform(-1, 2.5), generator.uniform(24.5, 28)])
    along = np.sort(generator.uniform(0, 28, 4))
    points = np.stack([along, side + generator.uniform(-1.2, 1.2, 4)], axis=1)
    turned = points if generator.random() < 0.4 else points[:, ::-1]
    return _line(plane, turned, 1.0, thickness=int(generator.integers(1, 3)))


def _broken(plane: Plane, generator: np.random.Generator) -> Plane:
    """Gaps in the strokes, as of a pen that ran dry."""
    whole = plane.copy()
    for x, y in generator.uniform(6, 22, (int(generator.integers(1, 4)), 2)):
        cv2.circle(whole, (round(x), round(y)), int(generator.integers(1, 3)), 0.0, -1)
    return whole if whole.sum() > 0.6 * plane.sum() else plane * np.float32(0.8)


def _thin(plane: Plane, generator: np.random.Generator) -> Plane:
    """Lines of a single pixel, black or white, as drawn in a pixel editor.

    Source: Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", 1984.
    """
    ink = plane > generator.uniform(0.3, 0.6)
    while True:
        thinner = ink & ~_peelable(ink, lower_right=True)
        thinner &= ~_peelable(thinner, lower_right=False)
        if (thinner == ink).all():
            return ink.astype(np.float32)
        ink = thinner


def _peelable(ink: NDArray[np.bool_], *, lower_right: bool) -> NDArray[np.bool_]:
    """Pixels of one rim, or of the opposite one, whose loss would neither break nor shorten a line."""
    padded = np.pad(ink, 1)
    places = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))  # clockwise from above
    around = np.stack([padded[y : y + ink.shape[0], x : x + ink.shape[1]] for y, x in places])
    above, right, below, left = around[::2]
    n_around = around.sum(axis=0)
    n_runs = (~around & np.roll(around, -1, axis=0)).sum(axis=0)
    if lower_right:
        kept = (above & right & below) | (right & below & left)
    else:
        kept = (above & right & left) | (above & below & left)
    peelable: NDArray[np.bool_] = (n_around >= 2) & (n_around <= 6) & (n_runs == 1) & ~kept
    return peelable


def _edges(plane: Plane, generator: np.random.Generator) -> Plane:
    low, high = sorted(generator.uniform(40, 220, 2))
    edges = cv2.Canny(to_bytes(plane), low, high)
    return np.asarray(edges / np.float32(255), np.float32)


# Geometry beyond what augmentation does.


def _warped(plane: Plane, matrix: NDArray[np.float64], shift: NDArray[np.float64]) -> Plane:
    """The plane under a linear map about its middle, then moved."""
    centre = np.full(2, (SIDE - 1) / 2)
    offset = centre + shift - matrix @ centre
    return np.asarray(cv2.warpAffine(plane, np.column_stack([matrix, offset]), plane.shape), np.float32)


def _shear(plane: Plane, generator: np.random.Generator) -> Plane:
    slant = generator.uniform(0.2, 0.6) * generator.choice([-1, 1])
    return _warped(plane, np.array([[1, slant], [0, 1]]), np.zeros(2))


def _scale(plane: Plane, generator: np.random.Generator) -> Plane:
    return _warped(plane, np.diag(generator.uniform(0.5, 0.9, 2)), np.zeros(2))


def _rotate(plane: Plane, generator: np.random.Generator) -> Plane:
    angle = np.radians(generator.uniform(-_MAX_TURN_DEGREES, _MAX_TURN_DEGREES))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return _warped(plane, turn, np.zeros(2))


def _translate(plane: Plane, generator: np.random.Generator) -> Plane:
    shrink = generator.uniform(0.8, 1.0)
    return _warped(plane, np.eye(2) * shrink, generator.uniform(-8, 8, 2))


_MAKERS: dict[str, Maker] = {
    "shot noise": _shot_noise,
    "impulse noise": _impulse_noise,
    "grain": _grain,
    "glass blur": _glass_blur,
    "motion blur": _motion_blur,
    "defocus": _defocus,
    "low resolution": _low_resolution,
    "brightness": _brightness,
    "faint": _faint,
    "fog": _fog,
    "stripe": _stripe,
    "spatter": _spatter,
    "dotted line": _dotted_line,
    "zigzag": _zigzag,
    "ruled line": _ruled_line,
    "neighbour": _neighbour,
    "broken": _broken,
    "thin": _thin,
    "edges": _edges,
    "shear": _shear,
    "scale": _scale,
    "rotate": _rotate,
    "translate": _translate,
}

#: The names of the corruptions.
CORRUPTIONS: tuple[str, ...] = tuple(_MAKERS)
