"""``nawgraph lock``, ``trust``, ``verify``, ``licences``, ``bundle``, ``unbundle``: give graphs away, open others'."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nawgraph.cli import common
from nawgraph.cli.common import FAILED, OK, Commands

if TYPE_CHECKING:
    from nawgraph.graph import Graph
    from nawgraph.packs.index import Index


def register(commands: Commands) -> None:
    """Add the commands."""
    lock_parser = commands.add_parser("lock", help="write into a document what makes its result here")
    lock_parser.add_argument("file", metavar="FILE")
    lock_parser.add_argument("-o", metavar="FILE", dest="output", help="write to this file instead")
    lock_parser.set_defaults(action=lock)
    trust_parser = commands.add_parser("trust", help="say what a document would use, before it is run")
    trust_parser.add_argument("file", metavar="FILE", help="a document, a bundle, or an export")
    trust_parser.add_argument("--index", metavar="FILE|URL", default="", help="an index to look for missing packs in")
    trust_parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    trust_parser.set_defaults(action=trust)
    verify_parser = commands.add_parser("verify", help="make an export again and say how it differs")
    verify_parser.add_argument("file", metavar="AUDIOFILE")
    verify_parser.add_argument("--base", metavar="DIR", type=Path, help="folder of the files that its document reads")
    verify_parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    verify_parser.set_defaults(action=verify)
    licences_parser = commands.add_parser("licences", help="say under which terms the parts of a document may be used")
    licences_parser.add_argument("file", metavar="FILE", help="a document, a bundle, or an export")
    licences_parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    licences_parser.set_defaults(action=licences)
    bundle_parser = commands.add_parser("bundle", help="put a document and all that it reads into one file")
    bundle_parser.add_argument("file", metavar="FILE")
    bundle_parser.add_argument("-o", metavar="FILE", dest="output", help="default: FILE with the suffix .nawbundle")
    bundle_parser.add_argument("--preview", metavar="AUDIOFILE", type=Path, help="a sound whose beginning goes along")
    bundle_parser.set_defaults(action=bundle)
    unbundle_parser = commands.add_parser("unbundle", help="lay a bundle out in a new folder")
    unbundle_parser.add_argument("file", metavar="FILE.nawbundle")
    unbundle_parser.add_argument("folder", metavar="FOLDER", nargs="?", help="default: FILE without its suffix")
    unbundle_parser.set_defaults(action=unbundle)


def lock(options: argparse.Namespace) -> int:
    """Write the lock section."""
    from nawgraph import files
    from nawgraph.sharing.lock import locked

    library = common.library()
    with common.sentences():
        graph = locked(files.load(options.file), library)
        files.save(graph, options.output or options.file)
    counts = [(len(graph.lock.get(name, ())), name) for name in ("packs", "models", "seeds")]
    sections = ", ".join(f"{count} {name[:-1] if count == 1 else name}" for count, name in counts if count)
    print(f"locked: {sections or 'nothing that needs one'}")
    return OK


def trust(options: argparse.Namespace) -> int:
    """The trust sheet; status 1 if a pack is missing."""
    from nawgraph.sharing.known import lines
    from nawgraph.sharing.trust import sheet

    library = common.library()
    with common.sentences():
        found = sheet(_any(options.file), library, index=_index(options.index))
    if options.json:
        common.print_json(_plain(found))
    else:
        for line in lines(found):
            print(line)
    return FAILED if any(need.state == "missing" for need in found.packs) else OK


def verify(options: argparse.Namespace) -> int:
    """Make an export again; status 1 if it differs."""
    from nawgraph.sharing.verify import verify as again

    library = common.library()
    with common.sentences():
        receipt = again(Path(options.file), library, options.base)
    if options.json:
        common.print_json(_plain(receipt))
    else:
        print(receipt.sentence)
        for cause in receipt.because[1 if receipt.verdict == "differs" else 0 :]:
            print(f"  {cause}")
    return OK if receipt.verdict in ("bit-exact", "same to the ear") else FAILED


def licences(options: argparse.Namespace) -> int:
    """The licence bill of materials."""
    from nawgraph.sharing.licences import parts

    library = common.library()
    with common.sentences():
        found = parts(_any(options.file), library)
    if options.json:
        common.print_json({"parts": [_plain(part) for part in found]})
        return OK
    for part in found:
        print(f"{part.kind:<9} {f'{part.name} {part.version}'.strip()}: {part.licence}")
    return OK


def bundle(options: argparse.Namespace) -> int:
    """Write a bundle."""
    from nawgraph import files
    from nawgraph.files import bundle as bundles
    from nawgraph.sharing import thumbnail

    library = common.library()
    path = Path(options.file)
    target = Path(options.output or path.with_suffix(".nawbundle"))
    with common.sentences():
        graph = files.load(path)
        extras = {"thumbnail.png": thumbnail.picture(graph)}
        if options.preview:
            extras["preview.ogg"] = thumbnail.preview(options.preview)
        assets = bundles.write(target, graph, path.parent, library, extras)
    print(f"{target}: {len(assets)} asset{'s' * (len(assets) != 1)}, {target.stat().st_size:,} bytes")
    return OK


def unbundle(options: argparse.Namespace) -> int:
    """Lay a bundle out."""
    from nawgraph.files import bundle as bundles

    with common.sentences():
        print(bundles.unpack(Path(options.file), Path(options.folder or Path(options.file).with_suffix(""))))
    return OK


def _any(name: str) -> Graph:
    """The document in a `.nawgraph`, a bundle or an export."""
    from nawgraph import files
    from nawgraph.audio.sniff import kind
    from nawgraph.files import bundle as bundles
    from nawgraph.sharing.verify import document

    path = Path(name)
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(64)
    if head.startswith(b"PK") or path.suffix == ".nawbundle":
        return bundles.read(path).graph
    return document(path) if kind(head) else files.load(path)


def _index(address: str) -> Index | None:
    from nawgraph.cli.packs import INDEX
    from nawgraph.packs import index

    address = address or os.environ.get(INDEX, "")
    return index.load(address) if address else None


def _plain(value: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(value)
