"""``nawgraph diff``, ``merge`` and ``extract``: documents as files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nawgraph.cli import common
from nawgraph.cli.common import FAILED, OK, Commands, Stop


def register(commands: Commands) -> None:
    """Add the commands."""
    diff_parser = commands.add_parser("diff", help="say what changed from one document to another")
    diff_parser.add_argument("a", metavar="A")
    diff_parser.add_argument("b", metavar="B")
    diff_parser.set_defaults(action=diff)
    merge_parser = commands.add_parser("merge", help="bring two changed copies of a document together")
    merge_parser.add_argument("base", metavar="BASE", help="the document that both came from")
    merge_parser.add_argument("a", metavar="A")
    merge_parser.add_argument("b", metavar="B")
    merge_parser.add_argument("-o", metavar="FILE", dest="output", help="write to this file instead of stdout")
    merge_parser.set_defaults(action=merge)
    extract_parser = commands.add_parser("extract", help="print the document that is embedded in a sound file")
    extract_parser.add_argument("file", metavar="AUDIOFILE")
    extract_parser.add_argument("-o", metavar="FILE", dest="output", help="write to this file instead of stdout")
    extract_parser.set_defaults(action=extract)


def diff(options: argparse.Namespace) -> int:
    """One line a change."""
    from nawgraph import files

    with common.sentences():
        changes = files.diff(files.load(options.a), files.load(options.b))
    for change in changes:
        print(change)
    if not changes:
        print("no difference")
    return OK


def merge(options: argparse.Namespace) -> int:
    """The merged document; conflicts on stderr, and status 1 if there are any."""
    from nawgraph import files

    with common.sentences():
        base, a, b = (files.load(path) for path in (options.base, options.a, options.b))
        merged, conflicts = files.merge(base, a, b)
        if options.output:
            files.save(merged, options.output)
        else:
            sys.stdout.write(files.dumps(merged))
    for conflict in conflicts:
        print(f"conflict: {conflict}", file=sys.stderr)
    return FAILED if conflicts else OK


def extract(options: argparse.Namespace) -> int:
    """The embedded document, checked, as it would be saved."""
    from nawgraph import files
    from nawgraph.audio.embed import extract

    with common.sentences():
        text = extract(Path(options.file))
        if text is None:
            raise Stop(f"{options.file}: no nawgraph document is embedded in it")
        graph = files.loads(text, name=f"the document in {options.file}")
        if options.output:
            files.save(graph, options.output)
        else:
            sys.stdout.write(files.dumps(graph))
    return OK
