"""Grey page -> how far each pixel departs from the paper, whatever the light.

Ink departs from the paper to the dark side or to the light one. The shade of the paper is taken from the
margin where the page is evenly lit (drawings, scans, MNIST). Elsewhere, as in photographs with shadows, the
paper is what remains when everything as narrow as a stroke is filled in with its surroundings, a
morphological closing (Serra, Image Analysis and Mathematical Morphology, 1982: the "top hat"). Which side
the ink is on is decided by trying both.

Letters: H, W size of the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkdigits.ink import Grey, Mask, Plane
from inkdigits.paper.pieces import Pieces

__all__ = ["Contrast", "above", "find_contrast", "otsu", "percentile", "separability", "standing_out"]

_MARGIN_SHARE = 0.08  # of the shorter side, all around; several times a box frame's line at the edge
_SAME_SHADE = 6  # grey levels between two pixels of even paper: JPEG and a scanner's grain stay below
_OTHER_LIGHT = 40  # grey levels; what differs by more is not paper in another light, but ink
_SMALL_SIDE_PX = 40  # smaller pictures were mostly prepared by somebody: no ruled lines, and hardly a shadow
_TINY_SIDE_PX = 20  # what is smaller was certainly prepared by somebody
_SAME_SMALL_SHADE = 8.0  # grey levels; in pictures so small most of the paper lies beside an edge
_SOLID_SHARE = 0.3  # of a small picture's longer side: strokes are narrower
_CLIPPED_SHARE = 0.2  # of a small picture, black or white; photographs have less
_SHADOW_SHARE = 0.18  # of a small picture; fat strokes and what fills its corners have less
_SHADOW_MAP_SIDE_PX = 160  # light changes slowly and a small copy shows how; thin lines must survive in it
_WIDEST_STROKE_SHARE = 0.2  # of the page; on an unevenly lit page wider things are shadows
_DARKEST_PAPER = 80.0  # grey levels; dividing by less would blow up noise
_NOISE_LIKENESS = 0.25  # correlation; of neighbours in noise on 28x28 pixels it stays below 0.15
_SIGMA_PER_MAD = 1.48  # a normal distribution's standard deviation by its median absolute deviation


@dataclass(frozen=True, eq=False)
class Contrast:
    """How far each pixel of a page departs from its paper.

    Attributes:
        levels: (H, W) grey levels towards the ink; 0 is paper.
        grain: standard deviation of the paper itself, in grey levels.
    """

    levels: Plane | Grey
    grain: float


def find_contrast(page: Grey) -> Contrast:
    """How far a page (H, W) of any polarity and light departs from its paper, to the side of its ink."""
    # (256,) pixels of each grey level, and of each distance from the middle one
    shades = cv2.calcHist([_margin(page)[None]], [0], None, [256], [0, 256]).ravel()
    level = _median(shades)
    off = np.bincount(np.abs(np.arange(256) - level), weights=shades)
    n_even, n_lit_otherwise = off[: _SAME_SHADE + 1].sum(), off[: _OTHER_LIGHT + 1].sum()
    if n_even > 0.75 * off.sum() and n_lit_otherwise - n_even < 0.15 * off.sum():
        return Contrast(_stronger_side(page, level), _SIGMA_PER_MAD * _median(off))
    if max(page.shape) <= _SMALL_SIDE_PX:
        contrast, is_one_paper = _contrast_of_classes(page)
        if is_one_paper or max(page.shape) <= _TINY_SIDE_PX:
            return contrast
    return _contrast_under_shadows(page)


def _margin(page: Grey) -> Grey:
    """The pixels near the edges, in one row."""
    width = max(1, round(min(page.shape) * _MARGIN_SHARE))
    inner = page[width:-width]
    sides = (page[:width], page[-width:], inner[:, :width], inner[:, -width:])
    return np.concatenate([side.ravel() for side in sides])


def _median(counts: NDArray[np.number[Any]]) -> int:
    """The middle of the values 0, 1, 2, ... that each occur `counts` times."""
    seen = np.cumsum(counts, dtype=np.float64)
    return int(np.searchsorted(seen, seen[-1] / 2))


def _stronger_side(page: Grey, level: int) -> Grey:
    """Contrast to paper of one shade, to the side, dark or light, that has more of it."""
    paper = np.full_like(page, level)
    darker, lighter = cv2.subtract(paper, page), cv2.subtract(page, paper)
    return np.asarray(lighter if cv2.norm(lighter) > cv2.norm(darker) else darker, dtype=np.uint8)


def _contrast_of_classes(page: Grey) -> tuple[Contrast, bool]:
    """For small tight crops: paper is the class that has most of the picture and of its rim.

    Returns:
        The contrast, and whether the classes look like one paper and ink: light that falls off leaves no
        shade that most of the paper has, and a shadow is wider than any stroke; but photographs are seldom
        black or white in many places.
    """
    is_dark = page <= otsu(page)
    rim = np.concatenate([is_dark[0], is_dark[-1], is_dark[:, 0], is_dark[:, -1]])
    if is_dark.mean() + rim.mean() >= 1.0:
        page, is_dark = 255 - page, ~is_dark
    if max(_likeness_of_neighbours(page), _likeness_of_neighbours(page.T)) < _NOISE_LIKENESS:
        return Contrast(np.zeros(page.shape, np.float32), 0.0), True
    paper = (page if is_dark.all() else page[~is_dark]).astype(np.float32)
    level = float(np.median(paper))
    off = np.abs(paper - level)
    is_one_paper = np.mean(off <= _SAME_SMALL_SHADE) >= 0.5 and _solid_share(is_dark) <= _SHADOW_SHARE
    is_clipped = np.mean((page < 3) | (page > 252)) > _CLIPPED_SHARE
    grain = _SIGMA_PER_MAD * float(np.median(off))
    return Contrast(np.maximum(np.float32(level) - page, 0), grain), bool(is_one_paper or is_clipped)


def _solid_share(mask: Mask) -> float:
    """The share of the picture that is in parts of the mask wider than a stroke."""
    side = max(3, round(_SOLID_SHARE * max(mask.shape)))
    return float(_as_if_beyond(mask.view(np.uint8), cv2.MORPH_OPEN, side).mean())


def _as_if_beyond(page: Grey, operation: int, side: int) -> Grey:
    """(H, W) opened or closed by a square, as if the page went on beyond its edges."""
    beyond = cv2.copyMakeBorder(page, side, side, side, side, cv2.BORDER_REPLICATE)
    changed = cv2.morphologyEx(beyond, operation, np.ones((side, side), np.uint8))
    return np.asarray(changed[side:-side, side:-side], dtype=np.uint8)


def _likeness_of_neighbours(page: Grey) -> float:
    """Correlation of pixels with those to their right: 0 for noise."""
    levels = page.astype(np.float32) - page.mean(dtype=np.float32)
    spread = float(np.square(levels).mean())
    return float((levels[:, 1:] * levels[:, :-1]).mean()) / spread if spread and levels.shape[1] > 1 else 0.0


def _contrast_under_shadows(page: Grey) -> Contrast:
    """For photographs: paper is what a closing leaves, once for dark ink and once for light."""
    shrink = min(1.0, _SHADOW_MAP_SIDE_PX / max(page.shape))
    size = [max(1, round(side * shrink)) for side in page.shape[::-1]]
    small = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    paper, paper_of_light_ink = _paper_behind(small), _paper_behind(255 - small)
    if _writing_score(_relative(255 - small, paper_of_light_ink)) > _writing_score(_relative(small, paper)):
        page, paper = 255 - page, paper_of_light_ink
    return _above_grain(_relative(page, cv2.resize(paper, page.shape[::-1], interpolation=cv2.INTER_LINEAR)))


def _paper_behind(small: Grey) -> Grey:
    """The light paper that shows when dark things as narrow as a stroke are filled in."""
    side = max(3, round(max(small.shape) * _WIDEST_STROKE_SHARE) | 1)
    # What is dark up to the edge is in shadow, and no stroke.
    closed = _as_if_beyond(cv2.medianBlur(small, 3), cv2.MORPH_CLOSE, side)
    # One pixel to the dark side, so that a shadow's sharp edge does not pass for a line of ink.
    return np.asarray(cv2.erode(closed, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def _relative(page: Grey, paper: Grey) -> Plane:
    """Contrast as it would be on white paper: a shadow dims paper and ink by the same factor."""
    light = paper.astype(np.float32)
    factor = 255 / np.maximum(light, _DARKEST_PAPER)
    return np.asarray((light - page) * factor, dtype=np.float32)


def _above_grain(levels: Plane) -> Contrast:
    """Contrast from the paper's own level, which a closing, resting on the lightest grains, overrates."""
    sample = levels[::4, ::4]  # paper is most of the page, and a sixteenth of it enough to tell
    level = np.float32(np.median(sample))
    grain = _SIGMA_PER_MAD * float(np.median(np.abs(sample - level)))
    return Contrast(np.maximum(levels - level, 0), grain)


def _writing_score(levels: Plane) -> float:
    """How much a contrast looks like writing: length times strength of its best piece, less if it is solid.

    Of dark writing the wrong side sees what the loops enclose, which is shorter, and the paper between two
    digits, which is longer than either, but no line. What touches the edge of the page is more often a
    shadow than writing.
    """
    contrast = _above_grain(levels)
    clear = standing_out(contrast)
    if not clear.size:
        return 0.0
    mask = (contrast.levels >= otsu(clear)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))  # mends thin lines
    pieces = Pieces.of(mask)
    _, _, width, height, area = pieces.stats[1:].T
    strength = np.bincount(pieces.labels.ravel(), weights=contrast.levels.ravel())[1:] / area
    length = np.hypot(width, height)
    is_line = (1 - 1.8 * area / length**2) ** 2  # near 1 for a thin line of any slope, 0.01 for a full square
    return float(np.max(length * strength * is_line * np.where(pieces.at_edge()[1:], 0.3, 1.0)))


def standing_out(contrast: Contrast) -> Plane | Grey:
    """(K,) the levels that are not the paper's: it would outvote a thin line when a threshold is chosen."""
    return contrast.levels[above(contrast.levels, max(4 * contrast.grain, _SAME_SHADE)).view(np.bool_)]


def above(levels: Plane | Grey, threshold: float) -> Grey:
    """(H, W) 1 where the level is above the threshold, 0 elsewhere."""
    _, above = cv2.threshold(levels, threshold, 1, cv2.THRESH_BINARY)
    return np.asarray(above, dtype=np.uint8)


def otsu(levels: Plane | Grey) -> float:
    """The grey level that splits the levels best in two (Otsu 1979), of an array of any shape."""
    flat = np.minimum(levels, 255).astype(np.uint8).reshape(-1, 1)
    threshold, _ = cv2.threshold(flat, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(threshold)


def separability(levels: Plane | Grey) -> float:
    """The share of the levels' variance, 0 to 1, that is between the two classes of Otsu's threshold."""
    is_high = levels > otsu(levels)
    share, variance = float(is_high.mean()), float(levels.var())
    if not 0 < share < 1:
        return 0.0
    return share * (1 - share) * float(levels[is_high].mean() - levels[~is_high].mean()) ** 2 / variance


def percentile(levels: Plane | Grey, percent: float) -> float:
    """What `np.percentile` gives for one percentage of some levels, a good deal sooner."""
    at = (levels.size - 1) * percent / 100
    below = int(at)
    above = min(below + 1, levels.size - 1)
    ordered = np.partition(levels, (below, above), axis=None)
    low, high = float(ordered[below]), float(ordered[above])
    return low + (high - low) * (at - below)
