"""Looking after a cache folder: read everything and remove what is wrong; make the index again from the files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from nawgraph.runtime.cache.index import Index
from nawgraph.runtime.cache.layout import DamagedError, UnreadableError, unpack
from nawgraph.runtime.cache.rows import Batch, decode_row
from nawgraph.runtime.cache.store import Store
from nawgraph.values.core import Digest


def rebuild(index: Index, store: Store) -> None:
    """Enter all sound files of the store into a new index. What lived in the old index alone is made again."""
    batch = Batch()
    for digest in store.digests():
        with contextlib.suppress(OSError, DamagedError):
            batch.objects[digest] = (store.size(digest), store.seconds(digest), None)
    index.write(batch)


def verify(index: Index, store: Store, repair: bool) -> list[str]:
    """Read every row, blob and file; one sentence for each that is not what was written.

    No fault, and put right in silence: unfinished files of dead processes; a sound file that the index
    does not know (its process was killed before the row was written); a row whose file is gone (another
    process evicted it in that moment).

    Args:
        index: the index.
        store: the files.
        repair: remove what is wrong.
    """
    wrong = [f"The index is damaged: {text}." for text in index.faults()]
    rows = dict(index.objects())
    adopted, gone = Batch(), []
    for digest, what in _bad_objects(index, store, rows, adopted):
        if what:
            wrong.append(f"Object {digest.hex()}: {what}.")
        gone.append(digest)
    strangers = list(store.strangers())
    wrong += [f"{file} is not a file of the cache." for file in strangers]
    bad_actions = [(key, what) for key, what in _bad_actions(index)]
    wrong += [f"Action {key.hex()}: {what}." for key, what in bad_actions]
    if repair and index.writable:
        for digest in gone:
            store.remove(digest)
        for file in strangers:
            with contextlib.suppress(OSError):
                file.unlink()
        index.forget(gone)
        index.forget_actions([key for key, _ in bad_actions])
        index.write(adopted)
        index.recount()
        store.sweep()
    return wrong


def _bad_objects(index: Index, store: Store, rows: dict[Digest, bool], adopted: Batch) -> Iterator[tuple[Digest, str]]:
    """(digest, what is wrong); nothing is wrong ("") with a row that has merely lost its file."""
    for digest, is_file in rows.items():
        if not is_file:
            found = index.object(digest)
            try:
                if found is not None and found[1] is not None:
                    unpack(found[1], digest)
            except DamagedError as error:
                yield digest, str(error)
            except UnreadableError:
                pass
        elif digest not in store:
            yield digest, ""
    for digest in store.digests():
        try:
            store.read(digest)
            if digest not in rows:
                adopted.objects[digest] = (store.size(digest), store.seconds(digest), None)
        except DamagedError as error:
            yield digest, str(error)
        except (OSError, UnreadableError):
            continue  # evicted by another process in this moment; of a type that is not known here


def _bad_actions(index: Index) -> Iterator[tuple[bytes, str]]:
    for key, raw in index.actions():
        try:
            decode_row(raw)
        except ValueError as error:
            yield key, f"its row cannot be read: {error}"
