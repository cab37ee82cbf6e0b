"""``nawgraph cache``: look at it, check it, empty it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from nawgraph.cli import common
from nawgraph.cli.common import FAILED, OK, Commands, Stop

if TYPE_CHECKING:
    from nawgraph.runtime.cache import Cache


def register(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add_parser("cache", help="look at the cache of results, check it, empty it")
    actions = group.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, action, words in (
        ("info", info, "say where it is and what it holds"),
        ("verify", verify, "read everything, remove what is damaged; status 1 if anything was"),
        ("clear", clear, "remove all results"),
    ):
        parser = actions.add_parser(name, help=words)
        common.add_cache_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
        parser.set_defaults(action=action)


def info(options: argparse.Namespace) -> int:
    """Say what the cache holds."""
    with _opened(options) as cache:
        found = cache.info()
    folder = str(common.cache_folder(options))
    if options.json:
        counts = {k: v for k, v in asdict(found).items() if k in ("actions", "objects", "disk_used", "disk_budget")}
        common.print_json({"folder": folder, **counts})
        return OK
    print(f"folder   {folder}")
    print(f"results  {found.actions:,} of nodes, {found.objects:,} values")
    print(f"size     {_size(found.disk_used)} of {_size(found.disk_budget)}")
    return OK


def verify(options: argparse.Namespace) -> int:
    """Read everything on disk and repair it."""
    with _opened(options) as cache:
        faults = cache.verify()
        objects = cache.info().objects
    if options.json:
        common.print_json({"faults": faults, "repaired": len(faults), "objects": objects})
    else:
        for fault in faults:
            print(fault)
        entries = f"{len(faults)} damaged entr{'y was' if len(faults) == 1 else 'ies were'}"
        print(f"{entries} removed and will be made again" if faults else f"clean: {objects:,} values")
    return FAILED if faults else OK


def clear(options: argparse.Namespace) -> int:
    """Remove everything."""
    with _opened(options) as cache:
        before = cache.info()
        cache.clear()
    if options.json:
        common.print_json({"objects": before.objects, "bytes": before.disk_used})
    else:
        print(f"removed {before.objects:,} values, {_size(before.disk_used)}")
    return OK


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[Cache]:
    """The cache; one that cannot be opened or written ends the command, since there is nothing it could do."""
    from nawgraph.runtime.cache import Cache

    folder = common.cache_folder(options)
    with common.sentences():
        if folder.exists() and not folder.is_dir():
            raise Stop(f"{folder} is a file, not a cache folder")
        warnings: list[str] = []
        with Cache(folder if folder.exists() else None, warn=warnings.append) as cache:
            if warnings:
                raise Stop(warnings[0])
            yield cache


def _size(count: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
