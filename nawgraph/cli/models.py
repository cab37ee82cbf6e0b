"""``nawgraph models``: what is installed, what can be had, and under which terms."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from nawgraph.cli import common
from nawgraph.cli.common import FAILED, OK, Commands, Stop, say, sentences

if TYPE_CHECKING:
    from nawgraph.models.families import Family
    from nawgraph.models.installed import Installed


def register(commands: Commands) -> None:
    """Add the commands."""
    what = commands.add_parser("models", help="list, add, verify and remove models").add_subparsers(
        dest="what", metavar="WHAT", required=True
    )
    parser = what.add_parser("list", help="list all models: what is installed, what can be had, what is only known")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(action=models_list)

    parser = what.add_parser("add", help="install a model from a file, a folder or the hub")
    parser.add_argument("source", metavar="FILE|FOLDER|NAME|OWNER/NAME", help="a path, a name of the list, or a hub id")
    parser.add_argument("--name", default="", help="install it under this name")
    parser.add_argument(
        "--family", default="", metavar="NAME", help="it must be of this family, whose licence is noted"
    )
    parser.add_argument("--revision", default="", help="branch, tag or commit of the hub")
    parser.add_argument("--convert", action="store_true", help="convert a pickle once, in a process of its own")
    parser.add_argument("--offline", action="store_true", help="use only what was fetched before")
    parser.add_argument(
        "--yes", action="store_true", help="agree to a licence that forbids or restricts commercial use"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(action=models_add)

    parser = what.add_parser("export", help="write networks of the house as ONNX files, in float32 and INT8")
    parser.add_argument("kinds", metavar="KIND", nargs="*", help="planner, renderer, … (default: all)")
    parser.add_argument("--weights", metavar="FILE", help="of one kind (default: those that come with nawgraph)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("onnx"), help="folder (default: onnx)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(action=models_export)

    parser = what.add_parser("verify", help="read installed models whole, and say what is wrong")
    parser.add_argument("names", metavar="NAME", nargs="*", help="which (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(action=models_verify)

    parser = what.add_parser("remove", help="take an installed model away")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(action=models_remove)


def models_list(options: argparse.Namespace) -> int:
    """List the models."""
    from nawgraph.models.catalogue import listed

    entries = listed()
    if options.json:
        common.print_json({"models": [asdict(entry) for entry in entries]})
        return OK
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        terms = entry.licence if entry.commercial else f"{entry.licence} (not for free commercial use)"
        size = f"{entry.bytes / 2**20:8.1f} MiB" if entry.bytes else "       ?    "
        why = f": {entry.note}" if entry.note else ""
        print(f"{entry.kind:<10} {entry.name:<{width}} {size}  {terms}  {entry.state}{why}")
    return OK


def models_add(options: argparse.Namespace) -> int:
    """Install a model."""
    from nawgraph.models import installed

    path = Path(options.source).expanduser()
    with sentences(), _missing():
        wanted = _family(options)
        origin, revision = "", ""
        if not path.exists():
            path, origin, revision, wanted = _fetched(options, wanted)
        elif wanted is not None:
            _agreed(wanted, options.yes)
        note = installed.add(
            path, options.name, wanted=wanted, convert=options.convert, origin=origin, revision=revision, say=say
        )
    if options.json:
        common.print_json({"model": asdict(note)})
    else:
        print(f"{note.kind} {note.name}: {note.bytes / 2**20:.1f} MiB, {_terms(note)}, {note.digest}")
    return OK


def models_export(options: argparse.Namespace) -> int:
    """Write ONNX files; print their sizes, and how far they are from the networks in PyTorch."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise Stop("ONNX files are made of networks in PyTorch: install nawgraph[neural,onnx]")
    from nawgraph.models.loaders import load
    from nawgraph.training.onnx.export import export
    from nawgraph.training.onnx.parts import PARTS
    from nawgraph.values import ModelRef

    for kind in options.kinds:
        if kind not in PARTS:
            raise Stop(f"{kind} is no kind of network of the house; {', '.join(PARTS)} are")
    if options.weights is not None and len(options.kinds) != 1:
        raise Stop("--weights are those of one kind: name it")
    rows = []
    with sentences(), _missing():
        for kind in options.kinds or PARTS:
            for written in export(kind, load(ModelRef(kind, options.weights or "house")), options.out):
                say(written.file)
                rows.append(written)
    if options.json:
        common.print_json({"files": [asdict(row) for row in rows]})
        return OK
    print("| network | float32, MiB | INT8, MiB | times smaller | error | error in INT8 |\n|" + "---|" * 6)
    for row in rows:
        sizes = f"{row.bytes / 2**20:.2f} | {row.small_bytes / 2**20:.2f} | {row.ratio:.2f}"
        print(f"| {row.name} | {sizes} | {row.error:.0e} | {row.small_error:.3f} |")
    large, small = (sum(getattr(row, of) for row in rows) for of in ("bytes", "small_bytes"))
    print(f"| together | {large / 2**20:.2f} | {small / 2**20:.2f} | {large / small:.2f} | | |")
    return OK


def models_verify(options: argparse.Namespace) -> int:
    """Read models whole; status 1 if something is wrong."""
    from nawgraph.models.installed import all_installed, verify

    known = {note.name: note for note in all_installed()}
    for name in options.names:
        if name not in known:
            raise Stop(f"no model called {name!r} is installed (installed: {', '.join(known) or 'none'})")
    faults = [fault for name in options.names or known if (fault := verify(known[name]))]
    if options.json:
        common.print_json({"faults": faults, "models": len(options.names or known)})
    else:
        for fault in faults:
            print(fault)
        if not faults:
            print(f"{len(options.names or known)} models are as they were installed")
    return FAILED if faults else OK


def models_remove(options: argparse.Namespace) -> int:
    """Take a model away."""
    from nawgraph.models.installed import remove

    with sentences(), _missing():
        note = remove(options.name)
    if options.json:
        common.print_json({"model": asdict(note)})
    else:
        print(f"{note.name} was removed")
    return OK


def _family(options: argparse.Namespace) -> Family | None:
    from nawgraph.models.families import FAMILIES, family

    if not options.family:
        return None
    found = family(options.family)
    if found is None:
        raise Stop(f"--family {options.family}: known are {', '.join(f.name for f in FAMILIES if f.layout)}")
    return found


def _fetched(options: argparse.Namespace, wanted: Family | None) -> tuple[Path, str, str, Family | None]:
    """From the hub: the file, the hub's id, the commit, the family. The licence is shown first."""
    from nawgraph.models import checkpoints, hub
    from nawgraph.models.families import family
    from nawgraph.models.generators import folders

    found = wanted or family(options.source)
    id = options.source if hub.is_id(options.source) else found.hub if found else ""
    if found is not None and not found.layout:
        raise Stop(f"{found.name} is known and cannot be run: {found.reason}")
    if found is not None and found.reason:
        raise Stop(f"{found.name} cannot be fetched as it is: {found.reason}")
    if not id and found is not None:
        raise Stop(f"{found.name} is not on the hub: get {found.file} from its authors, and add the file")
    if not id:
        raise Stop(
            f"{options.source} is no file, no folder, no name of 'nawgraph models list' and no hub id OWNER/NAME"
        )
    if found is not None:
        say(f"{id}: about {found.bytes / 1e6:,.0f} MB, licence {found.licence}")
        _agreed(found, options.yes)
    else:
        say(f"{id}: its licence is not known here; look at its page before you use it")
    if found is not None and found.layout in folders.LAYOUTS:
        path, commit = hub.fetch_folder(
            id, options.revision, offline=options.offline, patterns=folders.patterns(found.layout)
        )
        return path, id, commit, found
    path, commit = hub.fetch(
        id,
        found.file if found else "model.safetensors",
        options.revision,
        offline=options.offline,
        beside=(*checkpoints.layouts()[found.layout].beside, *found.beside) if found else checkpoints.beside(),
    )
    return path, id, commit, found


def _agreed(found: Family, yes: bool) -> None:
    if not found.commercial and not yes:
        raise Stop(
            f"the licence of {found.name} ({found.licence}) forbids or restricts commercial use: "
            "add it with --yes if you agree to that"
        )


def _terms(note: Installed) -> str:
    return note.licence if note.commercial else f"{note.licence} (commercial use: no, or not known)"


class _missing:  # noqa: N801 - reads as a word of the with statement
    """A model that is not there ends the command with the sentence that says so."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, LookupError) and not isinstance(error, KeyError):
            raise Stop(str(error)) from None
