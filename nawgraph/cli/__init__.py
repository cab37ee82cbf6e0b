"""The command line. `docs/cli.md` is its contract; each command group is a module that imports late."""

from __future__ import annotations

import argparse
import codecs
import os
import sys
import traceback
from collections.abc import Sequence

from nawgraph import __version__
from nawgraph.cli import cache, documents, edit, inspect, models, nodes, packs, run, sharing, train
from nawgraph.cli.common import INTERRUPTED, OK, USAGE, Stop, say

PLAIN = "nawgraph.plain"
"""Name of the error handler for terminals that cannot show every sign: a true minus becomes a hyphen."""

_SIGNS = {"−": "-", "–": "-", "…": "...", "“": '"', "”": '"', "→": "->", "×": "x", "°": "deg"}


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_SIGNS.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


codecs.register_error(PLAIN, _plain)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status: 0 done, 1 a node failed, 2 bad usage or document, 130 interrupted.

    Args:
        arguments: the words after ``nawgraph``; None takes those of the process, and lets an interrupted one end
            at once, whatever its threads are doing.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN)
    status = _guarded(sys.argv[1:] if arguments is None else arguments)
    if arguments is None and status == INTERRUPTED:
        os._exit(status)
    return status


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    made = argparse.ArgumentParser(
        prog="nawgraph", description="Run graphs of generative music; only what changed runs again."
    )
    made.add_argument("--version", action="version", version=f"nawgraph {__version__}")
    commands = made.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for group in (edit, run, inspect, documents, sharing, nodes, models, packs, cache, train):
        group.register(commands)
    return made


def _guarded(words: Sequence[str]) -> int:
    """Run a command; whatever goes wrong is one sentence on stderr."""
    try:
        chosen = parser().parse_args(words or ["edit"])
        status: int = chosen.action(chosen)
        sys.stdout.flush()
        return status
    except SystemExit as end:  # argparse: --help, --version, bad usage
        return end.code if isinstance(end.code, int) else USAGE
    except BrokenPipeError:
        _forget_stdout()
        return OK
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except Stop as stop:
        say(str(stop))
        return stop.status
    except Exception as error:
        if os.environ.get("NAWGRAPH_DEBUG"):
            traceback.print_exc()
        text = " ".join(str(error).split()) or "no details"
        say(f"something went wrong inside nawgraph ({type(error).__name__}: {text}); NAWGRAPH_DEBUG=1 shows where")
        return 1


def _forget_stdout() -> None:
    """The reader of our output has gone: nothing more can be written, and Python shall not try at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
