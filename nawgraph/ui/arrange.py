"""Placing nodes: a layered layout from left to right, align, distribute, snap. Plain boxes in, positions out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

Point = tuple[float, float]
Size = tuple[float, float]
Places = dict[str, Point]

COLUMN_GAP, ROW_GAP = 72.0, 28.0
PART_GAP = 72.0
GRID = 8.0

Edge = Literal["left", "centre", "right", "top", "middle", "bottom"]


def snapped(value: float, grid: float = GRID) -> float:
    """The nearest line of the grid."""
    return round(value / grid) * grid


def tidy(sizes: Mapping[str, Size], wires: Iterable[tuple[str, str]], origin: Point = (0.0, 0.0)) -> Places:
    """A layered layout: every wire runs to the right, few cross, neighbours stand at one height.

    Args:
        sizes: id → width and height.
        wires: (source id, target id); those of other nodes and circles are ignored.
        origin: upper left corner of the whole.

    Returns:
        id → upper left corner.
    """
    before, after = _neighbours(sizes, wires)
    places: Places = {}
    top = origin[1]
    for part in _parts(sizes, before, after):
        columns = _columns(part, before, after)
        _uncross(columns, before, after)
        heights = _heights(columns, sizes, before, after)
        low = min(heights.values())
        x = origin[0]
        for column in columns:
            for id in column:
                places[id] = (snapped(x), snapped(top + heights[id] - low))
            x += max(sizes[id][0] for id in column) + COLUMN_GAP
        top += max(heights[id] + sizes[id][1] for id in part) - low + PART_GAP
    return places


def _neighbours(
    sizes: Mapping[str, Size], wires: Iterable[tuple[str, str]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    before: dict[str, list[str]] = {id: [] for id in sizes}
    after: dict[str, list[str]] = {id: [] for id in sizes}
    for source, target in dict.fromkeys(wires):
        if source in sizes and target in sizes and source != target:
            before[target].append(source)
            after[source].append(target)
    return before, after


def _parts(sizes: Mapping[str, Size], before: dict[str, list[str]], after: dict[str, list[str]]) -> list[list[str]]:
    """What hangs together, the largest first, single nodes last."""
    seen: set[str] = set()
    parts = []
    for start in sizes:
        if start in seen:
            continue
        seen.add(start)
        part, todo = [], [start]
        while todo:
            id = todo.pop()
            part.append(id)
            for other in (*before[id], *after[id]):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        parts.append(sorted(part))
    return sorted(parts, key=lambda part: (-len(part), part[0]))


def _columns(part: Sequence[str], before: dict[str, list[str]], after: dict[str, list[str]]) -> list[list[str]]:
    """Each node one column right of its last source, then sources as far right as their readers let them."""
    left = {id: len(before[id]) for id in part}
    ready = [id for id in part if not left[id]]
    column: dict[str, int] = dict.fromkeys(ready, 0)
    order: list[str] = []
    while ready:
        id = ready.pop(0)
        order.append(id)
        for other in after[id]:
            left[other] -= 1
            column[other] = max(column.get(other, 0), column[id] + 1)
            if not left[other]:
                ready.append(other)
    for id in part:  # what a circle kept from its turn
        column.setdefault(id, 0)
    for id in reversed(order):
        if after[id] and not before[id]:
            column[id] = max(min(column[other] for other in after[id]) - 1, column[id])
    made: list[list[str]] = [[] for _ in range(max(column.values()) + 1)]
    for id in part:
        made[column[id]].append(id)
    return [ids for ids in made if ids]


def _uncross(columns: list[list[str]], before: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    """Order every column by the mean place of its neighbours, to and fro a few times."""
    place = {id: i / len(column) for column in columns for i, id in enumerate(column)}
    for turn in range(8):
        forth = turn % 2 == 0
        for column in columns if forth else reversed(columns):
            near = before if forth else after
            mean = {id: _mean([place[o] for o in near[id]], place[id]) for id in column}
            column.sort(key=lambda id, mean=mean: (mean[id], place[id]))  # type: ignore[misc]
            for i, id in enumerate(column):
                place[id] = i / len(column)


def _heights(
    columns: list[list[str]], sizes: Mapping[str, Size], before: dict[str, list[str]], after: dict[str, list[str]]
) -> dict[str, float]:
    """Top of every node: near the middle of its neighbours, its column's order kept, nothing overlapping."""
    top: dict[str, float] = {}
    for column in columns:
        y = 0.0
        for id in column:
            top[id] = y
            y += sizes[id][1] + ROW_GAP
    for turn in range(6):
        near = before if turn % 2 == 0 else after
        for column in columns if turn % 2 == 0 else reversed(columns):
            wanted = {
                id: _mean([top[o] + sizes[o][1] / 2 for o in near[id]], top[id] + sizes[id][1] / 2) - sizes[id][1] / 2
                for id in column
            }
            _settle(column, wanted, sizes, top)
    return top


def _settle(
    column: Sequence[str], wanted: Mapping[str, float], sizes: Mapping[str, Size], top: dict[str, float]
) -> None:
    """Stack the column so that the nodes are on the whole as near to where they want to be as order permits."""
    blocks: list[tuple[list[str], float, float]] = []  # ids, start, height
    for id in column:
        block = ([id], wanted[id], sizes[id][1] + ROW_GAP)
        while blocks and blocks[-1][1] + blocks[-1][2] > block[1]:
            ids, start, height = blocks.pop()
            n, m = len(ids), len(block[0])
            merged = (start * n + (block[1] - height) * m) / (n + m)
            block = (ids + block[0], merged, height + block[2])
        blocks.append(block)
    for ids, start, _ in blocks:
        y = start
        for id in ids:
            top[id] = y
            y += sizes[id][1] + ROW_GAP


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def align(boxes: Mapping[str, tuple[Point, Size]], edge: Edge) -> Places:
    """Nodes with one edge (or middle) on one line: that of the outermost, or of the middle of all."""
    if not boxes:
        return {}
    axis = 0 if edge in ("left", "centre", "right") else 1
    share = {"left": 0.0, "top": 0.0, "centre": 0.5, "middle": 0.5, "right": 1.0, "bottom": 1.0}[edge]
    low = min(at[axis] for at, _ in boxes.values())
    high = max(at[axis] + size[axis] for at, size in boxes.values())
    line = low + (high - low) * share
    return {id: _with(at, axis, line - size[axis] * share) for id, (at, size) in boxes.items()}


def distribute(boxes: Mapping[str, tuple[Point, Size]], axis: Literal["across", "down"]) -> Places:
    """Nodes with equal gaps between them; the first and the last stay where they are."""
    i = 0 if axis == "across" else 1
    order = sorted(boxes, key=lambda id: (boxes[id][0][i] + boxes[id][1][i] / 2, id))
    if len(order) < 3:
        return {id: boxes[id][0] for id in order}
    first, last = boxes[order[0]], boxes[order[-1]]
    room = last[0][i] + last[1][i] - first[0][i]
    gap = (room - sum(boxes[id][1][i] for id in order)) / (len(order) - 1)
    places, at = {}, first[0][i]
    for id in order:
        places[id] = _with(boxes[id][0], i, at)
        at += boxes[id][1][i] + gap
    return places


def _with(at: Point, axis: int, value: float) -> Point:
    return (value, at[1]) if axis == 0 else (at[0], value)


def beside(
    sizes: Mapping[str, Size], known: Collection[tuple[Point, Size]], wires: Iterable[tuple[str, str]]
) -> Places:
    """Places for nodes that have none: tidied, under everything that has one."""
    bottom = max((at[1] + size[1] + PART_GAP for at, size in known), default=0.0)
    left = min((at[0] for at, _ in known), default=0.0)
    return tidy(sizes, wires, (left, bottom))
