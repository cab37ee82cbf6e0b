"""The index of a cache folder: every action, every object's size and worth, and the last runs."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from nawgraph.runtime.cache.database import Database
from nawgraph.runtime.cache.rows import Batch, Run, encode_row
from nawgraph.runtime.cache.tiers import worth
from nawgraph.values.core import Digest

ACTIONS = 1_000_000
"""Action rows that are kept; the longest unused go first."""

OVERHEAD = 120
"""Bytes that a row costs beside its blob, roughly."""

SMALL = 512
"""Objects up to this size, overhead included, are evicted last: keeping them in order costs more than they take."""

_ROWS = 64  # rows of one INSERT; in the order of their keys: measured half the time of executemany

_SCHEMA = f"""
CREATE TABLE actions (key BLOB PRIMARY KEY, row BLOB NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (digest BLOB PRIMARY KEY, size INTEGER NOT NULL, gain REAL NOT NULL, rank REAL NOT NULL,
                      blob BLOB) WITHOUT ROWID;
CREATE INDEX by_rank ON objects (rank) WHERE size > {SMALL};
CREATE TABLE runs (document TEXT, node TEXT, key BLOB NOT NULL, parts BLOB NOT NULL, time REAL NOT NULL,
                   PRIMARY KEY (document, node)) WITHOUT ROWID;
CREATE TABLE totals (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, age REAL NOT NULL);
INSERT INTO totals VALUES (0, 0, 0.0);
CREATE TRIGGER grown AFTER INSERT ON objects BEGIN UPDATE totals SET bytes = bytes + new.size; END;
CREATE TRIGGER shrunk AFTER DELETE ON objects BEGIN UPDATE totals SET bytes = bytes - old.size; END;
"""

_LIMITED = (("actions", "key", "day"), ("runs", "document, node", "time"))


class Index(Database):
    """The index file of one cache folder, opened; usable from any thread.

    Args:
        file: where it lies; created if missing.
        warn: told in one sentence when it had to be replaced.
        rebuild: fills a new index from the files of the folder.

    Raises:
        OSError: it can neither be opened nor created.
    """

    def __init__(self, file: Path, warn: Callable[[str], None], rebuild: Callable[[Index], None]) -> None:
        self._inserted = 0
        super().__init__(file, _SCHEMA, warn, lambda: rebuild(self))

    # ----------------------------------------------------------------------------------- reading

    def action(self, key: bytes) -> tuple[bytes, int] | None:
        """Encoded row of an action, and the day it was last used."""
        return self._one("SELECT row, day FROM actions WHERE key = ?", key)  # type: ignore[no-any-return]

    def object(self, digest: Digest) -> tuple[int, bytes | None] | None:
        """Size of an object, and its blob unless it is a file."""
        return self._one("SELECT size, blob FROM objects WHERE digest = ?", digest)  # type: ignore[no-any-return]

    def has(self, digest: Digest) -> bool:
        return self._one("SELECT 1 FROM objects WHERE digest = ?", digest) is not None

    def recall(self, document: str) -> dict[str, Run]:
        rows = self._many("SELECT node, key, parts, time FROM runs WHERE document = ?", document)
        return {node: (key, parts, when) for node, key, parts, when in rows}

    def objects(self) -> list[tuple[Digest, bool]]:
        """All objects: digest, and whether it is a file."""
        return [(d, bool(f)) for d, f in self._many("SELECT digest, blob IS NULL FROM objects ORDER BY digest")]

    def counts(self) -> tuple[int, int, int]:
        """Number of actions, number of objects, bytes of all objects."""
        sql = "SELECT (SELECT count(*) FROM actions), (SELECT count(*) FROM objects), bytes FROM totals"
        return self._one(sql) or (0, 0, 0)

    def keys(self) -> list[bytes]:
        """Keys of all actions."""
        return [key for (key,) in self._many("SELECT key FROM actions")]

    def version(self) -> int:
        """A number that changes when another process has written."""
        return int((self._one("PRAGMA data_version") or (0,))[0])

    def actions(self) -> list[tuple[bytes, bytes]]:
        """All actions: key and encoded row."""
        return self._many("SELECT key, row FROM actions")

    def faults(self) -> list[str]:
        """What SQLite finds wrong with the file; [] = sound. Reads all of it."""
        return [text for (text,) in self._many("PRAGMA integrity_check(10)") if text != "ok"]

    # ----------------------------------------------------------------------------------- writing

    def write(self, batch: Batch) -> int:
        """Write a batch in one transaction; returns the bytes of all objects now."""

        def work(db: sqlite3.Connection) -> int:
            age = db.execute("SELECT age FROM totals").fetchone()[0]
            today = int(time.time() // 86400)
            actions = [(key, encode_row(row), today) for key, row in batch.actions.items()]
            _insert(db, "actions", actions, "(key) DO UPDATE SET row = excluded.row, day = excluded.day")
            db.executemany("UPDATE actions SET day = ? WHERE key = ?", [(today, key) for key in batch.keys])
            _insert(db, "objects", _objects(batch, age), "DO NOTHING")
            db.executemany(
                "UPDATE objects SET rank = max(rank, ?) + gain * ? WHERE digest = ?",
                [(age, uses, digest) for digest, uses in batch.used.items()],
            )
            runs = [(document, node, *run) for (document, node), run in batch.runs.items()]
            update = "key = excluded.key, parts = excluded.parts, time = excluded.time"
            _insert(db, "runs", runs, f"(document, node) DO UPDATE SET {update}")
            return int(db.execute("SELECT bytes FROM totals").fetchone()[0])

        total = self._transaction(work, 0)
        self._inserted += len(batch.actions)
        if self._inserted >= ACTIONS // 20:
            self._inserted = 0
            self.trim(ACTIONS)
        return total

    def trim(self, limit: int) -> None:
        """Forget the actions unused for longest, and the oldest runs, beyond `limit` of each."""

        def work(db: sqlite3.Connection) -> None:
            for table, keys, order in _LIMITED:
                excess = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] - limit
                if excess > 0:
                    oldest = f"SELECT {keys} FROM {table} ORDER BY {order} LIMIT ?"
                    db.execute(f"DELETE FROM {table} WHERE ({keys}) IN ({oldest})", (excess,))

        self._transaction(work, None)

    def evict(self, budget: int, spare: Collection[Digest]) -> list[tuple[Digest, bool]]:
        """Forget the least valuable objects until the rest is within the budget: digest, and whether a file."""

        def work(db: sqlite3.Connection) -> list[tuple[Digest, bool]]:
            total, age = db.execute("SELECT bytes, age FROM totals").fetchone()
            gone: list[tuple[Digest, bool]] = []
            for some in (f"size > {SMALL}", f"size <= {SMALL}"):
                sql = f"SELECT digest, size, rank, blob IS NULL FROM objects WHERE {some} ORDER BY rank"
                for digest, size, rank, is_file in db.execute(sql):
                    if total <= budget:
                        break
                    if digest not in spare:
                        gone.append((digest, bool(is_file)))
                        total -= size
                        age = max(age, rank)
            db.executemany("DELETE FROM objects WHERE digest = ?", [(digest,) for digest, _ in gone])
            db.execute("UPDATE totals SET age = ?", (age,))
            return gone

        return self._transaction(work, [])

    def forget(self, digests: Iterable[Digest]) -> None:
        """Remove objects."""
        gone = [(digest,) for digest in digests]
        self._transaction(lambda db: db.executemany("DELETE FROM objects WHERE digest = ?", gone) and None, None)

    def forget_actions(self, keys: Iterable[bytes]) -> None:
        """Remove actions."""
        gone = [(key,) for key in keys]
        self._transaction(lambda db: db.executemany("DELETE FROM actions WHERE key = ?", gone) and None, None)

    def recount(self) -> None:
        """Correct the total of bytes."""
        sql = "UPDATE totals SET bytes = (SELECT coalesce(sum(size), 0) FROM objects)"
        self._transaction(lambda db: db.execute(sql) and None, None)

    def clear(self) -> None:
        def work(db: sqlite3.Connection) -> None:
            for table in ("actions", "objects", "runs"):
                db.execute(f"DELETE FROM {table}")
            db.execute("UPDATE totals SET bytes = 0, age = 0.0")

        self._transaction(work, None)
        with contextlib.suppress(OSError):  # another process is reading: the pages are free all the same
            self._run(lambda db: db.execute("VACUUM") and None, None)


def _insert(db: sqlite3.Connection, table: str, rows: list[Any], conflict: str) -> None:
    """Insert rows, many with one statement; the first columns are the key."""
    rows.sort(key=_key)
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        places = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        db.execute(f"INSERT INTO {table} VALUES {places} ON CONFLICT {conflict}", [v for row in some for v in row])


def _key(row: tuple[Any, ...]) -> Any:
    return row[0]


def _objects(batch: Batch, age: float) -> list[tuple[Digest, int, float, float, bytes | None]]:
    rows = []
    for digest, (size, seconds, blob) in batch.objects.items():
        gain = worth(seconds, size)
        rows.append((digest, size, gain, age + gain, blob))
    return rows
