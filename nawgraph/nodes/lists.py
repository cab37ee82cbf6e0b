"""Lists: what `map` runs over and what it gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

from nawgraph.context import Context
from nawgraph.hints import Range, Seed, Text
from nawgraph.node import node

T = TypeVar("T")


@node("list.numbers", title="Numbers")
def numbers(*, values: list[float] = []) -> list[float]:  # noqa: B006 - coerced to a tuple, never changed
    """A list of numbers."""
    return values


@node("list.texts", title="Texts", aliases=("prompts",))
def texts(*, values: list[str] = []) -> list[str]:  # noqa: B006
    """A list of texts, such as prompts to compare."""
    return values


@node("list.range", title="Range of numbers")
def range_(
    *,
    start: int = 0,
    count: Annotated[int, Range(0, 100_000)] = 4,
    step: int = 1,
) -> list[int]:
    """Whole numbers: start, start + step, … (count of them)."""
    return [start + step * i for i in range(count)]


@node("list.seeds", title="Seeds", aliases=("seed sweep", "takes"))
def seeds(*, seed: Annotated[int, Seed()] = 0, count: Annotated[int, Range(0, 10_000)] = 4, ctx: Context) -> list[int]:
    """Different seeds that follow from one: item n stays the same when the count grows."""
    return [int(ctx.rng(seed, n).integers(0, 2**31)) for n in range(count)]


@node("list.files", title="Files of a folder", pure=False)
def files(*, folder: str = ".", pattern: Annotated[str, Text()] = "*.wav") -> list[str]:
    """Paths of the files in a folder that match a pattern, sorted by name. Looked up anew in each run."""
    root = Path(folder)
    if not root.is_dir():
        raise ValueError(f"the folder {folder!r} does not exist")
    try:
        return [str(path) for path in sorted(root.glob(pattern)) if path.is_file()]
    except (ValueError, NotImplementedError) as error:
        raise ValueError(f"pattern {pattern!r} cannot be used: {error}") from None


@node("list.make", title="Make list", aliases=("collect",))
def make(items: list[T]) -> list[T]:
    """The values of all wires as one list, in the order of the wires."""
    return items


@node("list.item", title="Item of list", aliases=("pick", "index"))
def item(items: list[T], *, index: int = 0) -> T:
    """One item by number, from 0; negative numbers count from the end."""
    if not -len(items) <= index < len(items):
        raise ValueError(f"index {index} is outside the list, which has {len(items)} items")
    return items[index]


@node("list.length", title="Length of list", aliases=("count",))
def length(items: list[T]) -> int:
    """How many items a list has."""
    return len(items)


@node("list.slice", title="Part of list")
def slice_(items: list[T], *, start: int = 0, count: Annotated[int, Range(0, 1_000_000)] = 1) -> list[T]:
    """`count` items from number `start` on."""
    return items[max(start, 0) :][:count]
