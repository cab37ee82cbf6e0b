"""Action keys: what a step's result depends on, in 20 bytes, and in words.

A key is a hash over the node's id and version, the pack's version, every knob (coerced, defaults filled in),
the digests of the inputs, the content of files it reads and, for a GPU node, the execution class. A sink's key
includes where it writes. Titles, layout and the node's own id are in no key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from blake3 import blake3

from nawgraph.node import NodeSpec
from nawgraph.runtime.cache import Row
from nawgraph.runtime.plan import Step
from nawgraph.values import Digest
from nawgraph.values.core import DIGEST_SIZE

Inputs = Mapping[str, Sequence[Digest]]
NO_PATHS: Mapping[str, str] = {}


@lru_cache(maxsize=4096)
def _mark(port: str, several: bool, count: int) -> bytes:
    """What stands before the digests of a port's inputs."""
    return b"%b%b%d:" % (port.encode(), b"*" if several else b"=", count)


class FileDigests:
    """Content digests of files, remembered by (path, size, mtime_ns, inode) so that an unchanged file is read once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int, int], Digest]] = {}

    def of(self, path: str | Path) -> Digest:
        """Digest of a file's bytes; of its absence where it cannot be read (the node says so when it runs)."""
        name = os.fspath(path)
        try:
            stat = os.stat(name)  # noqa: PTH116 - one system call on the hot path
            state = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
            known = self._known.get(name)
            if known is None or known[0] != state:
                hasher = blake3()
                hasher.update_mmap(name) if stat.st_size else None
                known = self._known[name] = (state, hasher.digest(DIGEST_SIZE))
            return known[1]
        except (OSError, ValueError):
            return b"\0" * DIGEST_SIZE


def broken_file(row: Row, files: FileDigests) -> str:
    """The first file that a sink wrote and that is no longer there unchanged, or ""."""
    for name, size, mtime, content in row.files:
        try:
            stat = Path(name).stat()
        except OSError:
            return name
        if (stat.st_size, stat.st_mtime_ns) != (size, mtime) and files.of(name).hex() != content:
            return name
    return ""


class Keys:
    """Makes keys for one run.

    Args:
        base: folder that relative file knobs start from (the document's own).
        out_dir: where sinks write.
        execution_class: device class, data type and provider, part of the keys of GPU nodes.
        files: memory of file digests, shared between runs.
        embed: how much of the document exports carry, part of the keys of sinks.
    """

    def __init__(
        self, base: Path, out_dir: Path, execution_class: str, files: FileDigests, embed: str = "full"
    ) -> None:
        self.base = base
        self.out_dir = out_dir
        self.execution_class = execution_class
        self.files = files
        self.embed = embed
        self._heads: dict[int, tuple[NodeSpec, bytes]] = {}

    def key(self, step: Step, inputs: Inputs, paths: Mapping[str, str] = NO_PATHS) -> Digest:
        """Action key of a step whose inputs have these digests.

        Args:
            step: the step.
            inputs: port or wired knob → digests.
            paths: values of the file knobs that are wired (see `wired_files`).
        """
        spec, wired = step.spec, step.inputs
        parts = [self._head(spec)]
        for port in spec.inputs:
            if port.name in inputs:
                digests = inputs[port.name]
                # a list that one wire carries is not the list that one wire makes
                parts.append(_mark(port.name, port.name in step.several, len(digests)))
                parts += digests
        for knob, known in zip(spec.knobs, step.knob_digests, strict=True):
            if knob.name in wired:
                digests = inputs[knob.name]
                parts += digests if len(digests) == 1 else [b"%d:" % len(digests), *digests]
            else:
                parts.append(known)
        for name in spec.file_knobs:
            parts.append(self.files.of(self.base / (paths[name] if name in wired else step.knobs[name])))
        return blake3(b"".join(parts)).digest(DIGEST_SIZE)

    def _head(self, spec: NodeSpec) -> bytes:
        """What all steps of a type share: id, versions, where it runs or writes."""
        found = self._heads.get(id(spec))
        if found is None:
            head: list[Any] = [spec.id, spec.version, spec.pack, spec.pack_version]
            if spec.needs == "gpu":
                head.append(self.execution_class)
            if spec.is_sink:
                head.append(os.fspath(self.out_dir.absolute()))
                if self.embed != "full":
                    head.append(self.embed)
            found = self._heads[id(spec)] = (spec, msgspec.msgpack.encode(head))
        return found[1]

    def wired_files(self, step: Step) -> list[str]:
        """File knobs that are wired: their values must be known, since the files' contents are in the key."""
        return [name for name in step.spec.file_knobs if name in step.inputs]

    def parts(self, step: Step, inputs: Inputs) -> bytes:
        """The same in a form that `explain` can put into words later."""
        knobs = {name: value for name, value in step.knobs.items() if name not in step.inputs}
        files = {
            name: self.files.of(self.base / step.knobs[name]).hex()
            for name in step.spec.file_knobs
            if name not in step.inputs
        }
        wires = {name: [d.hex()[:16] for d in digests] for name, digests in inputs.items()}
        data: dict[str, Any] = {"type": step.spec.id, "version": step.spec.version, "knobs": knobs, "inputs": wires}
        if files:
            data["files"] = files
        if step.spec.is_sink:
            data["out"] = os.fspath(self.out_dir.absolute())
        if step.spec.needs == "gpu":
            data["class"] = self.execution_class
        return msgspec.msgpack.encode(data)
