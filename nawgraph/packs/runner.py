"""A pack's process: locks itself in, imports the pack, then calls its nodes one at a time.

Started by `nawgraph.packs.process` with ``-I -S``: until the sandbox is in force, nothing runs but the standard
library and this package. No site folder is looked at before, since a ``.pth`` file of the pack would be its code.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

from nawgraph.packs.sandbox import Policy, State, apply

if TYPE_CHECKING:
    from nawgraph.packs.service import Service


def main(number: int) -> None:
    """Serve the host at the other end of a socket until it is gone."""
    end = socket.socket(fileno=number)
    size = struct.unpack("<I", _exactly(end, 4))[0]
    setup: dict[str, Any] = json.loads(_exactly(end, size))
    try:
        policy = setup["policy"]
        policy["read"], policy["write"] = tuple(policy["read"]), tuple(policy["write"])
        state = apply(Policy(**policy))
    except OSError as error:
        state = State(why=str(error))
        if setup["policy"]["enforce"]:
            end.sendall(b"")  # the host sees the end of the connection and the sentence on stderr
            print(f"the sandbox could not be put in force: {error}", file=sys.stderr)
            os._exit(3)
    service = _service(end, setup, state)
    service.serve()
    os._exit(0)  # threads that a node left behind are not waited for


def _service(end: socket.socket, setup: dict[str, Any], state: State) -> Service:
    """Everything that needs site packages, which may be the pack's own: inside the sandbox."""
    import site

    os.chdir(setup["folder"])
    for folder in setup["sites"]:
        site.addsitedir(folder)
    from nawgraph.packs.service import Service

    return Service(end, setup["module"], setup["id"], state)


def _exactly(end: socket.socket, size: int) -> bytes:
    made = b""
    while len(made) < size:
        got = end.recv(size - len(made))
        if not got:
            os._exit(0)
        made += got
    return made
