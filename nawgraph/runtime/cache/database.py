"""Opening a SQLite file that several processes share, and surviving that it is damaged, strange or read-only.

WAL lets several processes read while one writes. ``synchronous=NORMAL`` syncs at checkpoints only: a
power cut may lose the last batches, never the file's consistency (https://sqlite.org/wal.html). One
connection for all threads behind one lock: a look-up takes microseconds, less than a hand-over costs.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

APPLICATION = 0x6E617763  # "nawc"
VERSION = 1

PATIENCE = 30.0
"""Seconds to wait for another process that has the file locked."""

T = TypeVar("T")


class UnavailableError(OSError):
    """The index cannot be read or written now: busy, read-only, the disk is full or failing."""


class Database:
    """A SQLite file, opened; usable from any thread.

    Args:
        file: where it lies; created if missing.
        schema: statements that make a new one, a semicolon and a newline after each.
        warn: told in one sentence when it had to be replaced.
        refill: called when it was.

    Raises:
        OSError: it can neither be opened nor created.
    """

    def __init__(self, file: Path, schema: str, warn: Callable[[str], None], refill: Callable[[], None]) -> None:
        self.file = file
        self.writable = True
        self._schema = schema
        self._warn = warn
        self._refill = refill
        self._lock = threading.RLock()
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
            self._use_wal()
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA wal_autocheckpoint=4000")  # 16 MB: fewer syncs
            self._db.execute("BEGIN IMMEDIATE")  # two processes may be creating it at once
            if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                for statement in self._schema.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id={APPLICATION}")
                self._db.execute(f"PRAGMA user_version={VERSION}")
            self._db.execute("COMMIT")
            self._check()
        except BaseException:
            self._db.close()
            raise

    def _use_wal(self) -> None:
        """SQLite does not wait for this lock by itself, and two processes may be creating the file at once."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(0.005)

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
        return self._refill()

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


class _Foreign(sqlite3.DatabaseError):
    """A sound database, but not ours."""


def _database(name: str, uri: bool) -> sqlite3.Connection:
    db = sqlite3.connect(
        name, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=uri, cached_statements=64
    )
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
