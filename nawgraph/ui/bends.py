"""The curves that wires are drawn as: level where they begin and end, in canvas units."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

SAMPLES = 20
REACH = (36.0, 180.0)


def beziers(stretches: Floats, samples: int = SAMPLES) -> Floats:
    """Points along stretches of wire, float64 [stretches, samples, 2]."""
    t = np.linspace(0, 1, samples)[None, :, None]
    bend = reach(stretches)
    a, d = stretches[:, None, :2], stretches[:, None, 2:]
    b, c = a.copy(), d.copy()
    b[:, 0, 0] += bend
    c[:, 0, 0] -= bend
    u = 1 - t
    points: Floats = u**3 * a + 3 * u**2 * t * b + 3 * u * t**2 * c + t**3 * d
    return points


def reach(stretches: Floats) -> Floats:
    """How far the control points of wires stand off their ends, float64 [stretches]."""
    across = stretches[:, 2] - stretches[:, 0]
    down = np.abs(stretches[:, 3] - stretches[:, 1])
    wanted = np.where(across >= 0, across * 0.5, 36.0 - across * 0.35 + down * 0.1)
    limited: Floats = np.clip(wanted, REACH[0], REACH[1])
    short = (across >= 0) & (down < 2)
    return np.where(short, np.minimum(limited, np.abs(across) * 0.5), limited)


def distances(points: Floats, point: Point) -> Floats:
    """Distance of a point from every polyline, float64 [lines]."""
    a, b = points[:, :-1], points[:, 1:]
    along = b - a
    length = np.maximum((along**2).sum(axis=2), 1e-12)
    share = np.clip(((np.array(point) - a) * along).sum(axis=2) / length, 0, 1)
    nearest = a + share[:, :, None] * along
    distance: Floats = np.sqrt(((nearest - np.array(point)) ** 2).sum(axis=2).min(axis=1))
    return distance


def meets(points: Floats, a: Point, b: Point) -> npt.NDArray[np.bool_]:
    """Whether every polyline crosses the line from `a` to `b`, bool [lines]."""
    p, q = points[:, :-1], points[:, 1:]
    start, end = np.array(a), np.array(b)
    apart = _side(start, end, p) * _side(start, end, q) <= 0
    across = _side(p, q, start) * _side(p, q, end) <= 0
    crossed: npt.NDArray[np.bool_] = np.any(apart & across, axis=1)
    return crossed


def _side(u: Floats, v: Floats, w: Floats) -> Floats:
    """On which side of the line from `u` to `v` the point `w` lies."""
    along, off = v - u, w - u
    side: Floats = along[..., 0] * off[..., 1] - along[..., 1] * off[..., 0]
    return side
