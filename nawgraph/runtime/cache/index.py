"""The index of a cache folder: a SQLite file that knows every action, every object and the last runs.

WAL lets several processes read while one writes. ``synchronous=NORMAL`` syncs at checkpoints only: a
power cut may lose the last batches, never the file's consistency (https://sqlite.org/wal.html). One
connection for all threads behind one lock: a look-up takes microseconds, less than a hand-over costs.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nawgraph.runtime.cache.tiers import worth
from nawgraph.values.core import Digest

APPLICATION = 0x6E617763  # "nawc"
VERSION = 1
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

T = TypeVar("T")
Run = tuple[bytes, bytes, float]


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an action made.

    A msgspec struct: read from a blob in half a microsecond, and no work for the garbage collector.

    Attributes:
        outputs: digest of each output port, in order (20 bytes each).
        types: name of each output's type, as `nawgraph.values.type_name` gives it.
        seconds: what it cost.
        files: what a sink wrote: (absolute path, size in bytes, mtime in ns, content digest in hex).
        warnings: what it told the user.
    """

    outputs: tuple[bytes, ...]
    types: tuple[str, ...]
    seconds: float
    files: tuple[tuple[str, int, int, str], ...] = ()
    warnings: tuple[str, ...] = ()


_row_decoder = msgspec.msgpack.Decoder(Row)
encode_row = msgspec.msgpack.Encoder().encode
"""A row as a blob."""

decode_row = _row_decoder.decode
"""The row of a blob. Raises `msgspec.DecodeError`."""


@dataclass(slots=True)
class Batch:
    """Changes that wait to be written together.

    Attributes:
        actions: key → row.
        objects: digest → (bytes on disk, seconds, blob or None for a file).
        runs: (document, node) → (key, parts, unix time).
        used: objects read from disk, whose rank rises.
        keys: actions used that were last used on another day.
        weight: bytes of it all that are new on disk.
        count: changes of all kinds.
        since: when the first change came in, in seconds of `time.monotonic`; 0 if empty.
    """

    actions: dict[bytes, Row] = field(default_factory=dict)
    objects: dict[Digest, tuple[int, float, bytes | None]] = field(default_factory=dict)
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    used: dict[Digest, int] = field(default_factory=dict)
    keys: set[bytes] = field(default_factory=set)
    weight: int = 0
    count: int = 0
    since: float = 0.0


class UnavailableError(OSError):
    """The index cannot be read or written now: busy, read-only, the disk is full or failing."""


class Index:
    """The index file of one cache folder, opened; usable from any thread.

    Args:
        file: where it lies; created if missing.
        warn: told in one sentence when it had to be replaced.
        rebuild: fills a new index from the files of the folder.

    Raises:
        OSError: it can neither be opened nor created.
    """

    def __init__(self, file: Path, warn: Callable[[str], None], rebuild: Callable[[Index], None]) -> None:
        self.file = file
        self.writable = True
        self._warn = warn
        self._rebuild = rebuild
        self._lock = threading.RLock()
        self._inserted = 0
        self._open()

    # ---------------------------------------------------------------------------------- opening

    def _open(self) -> None:
        self._identity = _identity(self.file)
        try:
            self._connect()
        except sqlite3.Error as error:
            if _is_foreign(error):
                self._replace(_reason(error))
            else:
                self._open_read_only(error)

    def _connect(self) -> None:
        """Open for reading and writing, and create what is missing. Raises sqlite3.Error."""
        self._db = _database(self.file.as_posix(), uri=False)
        self._identity = self._identity if any(self._identity) else _identity(self.file)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA wal_autocheckpoint=4000")  # 16 MB: fewer syncs
            self._db.execute("BEGIN IMMEDIATE")  # two processes may be creating it at once
            if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id={APPLICATION}")
                self._db.execute(f"PRAGMA user_version={VERSION}")
            self._db.execute("COMMIT")
            self._check()
        except BaseException:
            self._db.close()
            raise

    def _check(self) -> None:
        application = self._db.execute("PRAGMA application_id").fetchone()[0]
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if (application, version) != (APPLICATION, VERSION):
            raise _Foreign("it belongs to another program" if application != APPLICATION else "its version is another")

    def _open_read_only(self, error: sqlite3.Error) -> None:
        """A folder that cannot be written may still hold results; without WAL files it never changes."""
        self.writable = False
        mode = "mode=ro" if Path(f"{self.file}-wal").exists() else "mode=ro&immutable=1"
        try:
            self._db = _database(f"{self.file.absolute().as_uri()}?{mode}", uri=True)
            self._check()
        except sqlite3.Error:
            raise UnavailableError(str(error)) from None

    def _replace(self, why: str) -> None:
        """Move a file that is not our index out of the way and begin a new one, unless another process just did."""
        if _identity(self.file) != self._identity:
            return self._open()
        aside = self.file.with_name(f"{self.file.name}.damaged-{time.time_ns():x}")
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(OSError):
                Path(f"{self.file}{suffix}").replace(f"{aside}{suffix}")
        self.file.replace(aside)
        try:
            self._connect()
        except sqlite3.Error as error:
            raise UnavailableError(str(error)) from None
        self._identity = _identity(self.file)
        self._warn(f"The index of the cache at {self.file.parent} was set aside as {aside.name} ({why}) and made anew.")
        return self._rebuild(self)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # -------------------------------------------------------------------------------- statements

    def _run(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do something with the database. A damaged file is replaced, and the answer is `otherwise`.

        Raises:
            UnavailableError: busy for half a minute, read-only, the disk full or failing.
        """
        with self._lock:
            try:
                return work(self._db)
            except sqlite3.Error as error:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                if not _is_foreign(error) or not self.writable:
                    raise UnavailableError(str(error)) from None
                self._db.close()
                self._replace(_reason(error))
                return otherwise

    def _one(self, sql: str, *values: Any) -> Any:
        with self._lock, contextlib.suppress(sqlite3.Error):  # the fast way; what fails is done again with care
            return self._db.execute(sql, values).fetchone()
        return self._run(lambda db: db.execute(sql, values).fetchone(), None)

    def _many(self, sql: str, *values: Any) -> list[Any]:
        return self._run(lambda db: db.execute(sql, values).fetchall(), [])

    def _transaction(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        def whole(db: sqlite3.Connection) -> T:
            db.execute("BEGIN IMMEDIATE")
            result = work(db)
            db.execute("COMMIT")
            return result

        return self._run(whole, otherwise)

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
        self._run(lambda db: db.execute("VACUUM") and None, None)


class _Foreign(sqlite3.DatabaseError):
    """A sound database, but not ours."""


def _database(name: str, uri: bool) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=30, isolation_level=None, check_same_thread=False, uri=uri, cached_statements=64)
    db.execute("PRAGMA cache_size=-16384")
    return db


def _identity(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except OSError:
        return (0, 0)
    return (stat.st_dev, stat.st_ino)


def _is_foreign(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    return isinstance(error, _Foreign) or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _reason(error: sqlite3.Error) -> str:
    return str(error) if isinstance(error, _Foreign) else "it is damaged"


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
