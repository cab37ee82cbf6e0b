"""Migrations as data: what turns the knobs of an old node version into those of the next, without running any code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec


class Rewrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change of the knobs; the fields apply in this order.

    Attributes:
        rename: old name → new name.
        drop: names of knobs that are no more.
        scale: name → factor that its number is multiplied by.
        words: name → old word → new word.
        set: name → value for a knob that is not there yet.
    """

    rename: dict[str, str] = {}
    drop: tuple[str, ...] = ()
    scale: dict[str, float] = {}
    words: dict[str, dict[str, str]] = {}
    set: dict[str, Any] = {}


def migration(rewrites: Sequence[Rewrite]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The function from old knobs to new ones."""

    def migrate(knobs: dict[str, Any]) -> dict[str, Any]:
        made = dict(knobs)
        for rewrite in rewrites:
            made = {rewrite.rename.get(name, name): value for name, value in made.items()}
            made = {name: value for name, value in made.items() if name not in rewrite.drop}
            for name, factor in rewrite.scale.items():
                if isinstance(made.get(name), (int, float)) and not isinstance(made[name], bool):
                    made[name] = made[name] * factor
            for name, words in rewrite.words.items():
                if isinstance(made.get(name), str):
                    made[name] = words.get(made[name], made[name])
            made = {**rewrite.set, **made}
        return made

    return migrate
