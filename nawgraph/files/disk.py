"""Reading and writing files, so that a crash or a full disk never costs the old one."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path

from nawgraph.files.errors import FormatError
from nawgraph.files.printer import dumps
from nawgraph.files.reader import loads
from nawgraph.files.scan import check_limits
from nawgraph.graph import Graph
from nawgraph.shape import MAX_BYTES

_REASONS = {
    errno.ENOENT: "does not exist",
    errno.EACCES: "may not be accessed: check the permissions of the file and its folder",
    errno.EPERM: "may not be changed: check the permissions of the file and its folder",
    errno.EROFS: "is on a read-only disk",
    errno.ENOSPC: "cannot be written: the disk is full",
    errno.EDQUOT: "cannot be written: your disk quota is used up",
    errno.EFBIG: "cannot be written: it is larger than this disk or account allows",
    errno.ENOTDIR: "is not in a folder",
    errno.EISDIR: "is a folder, not a document",
    errno.ENAMETOOLONG: "has too long a name",
    errno.ELOOP: "is a link that leads to itself",
}


def load(path: str | os.PathLike[str]) -> Graph:
    """The document in a file. Only regular files of at most 64 MiB are opened.

    Raises:
        FormatError: it cannot be read, or is not a document.
    """
    return loads(read(path), name=str(path))


def read(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a document, refused by kind and size before they are read.

    Raises:
        FormatError: missing, a folder, a device, too large, not readable.
    """
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise FormatError("is a folder, not a document", str(path))
        if not stat.S_ISREG(status.st_mode):
            raise FormatError("is not a regular file", str(path))
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / (1 << 20):,.0f} MiB"
            raise FormatError(f"has {size}; {MAX_BYTES >> 20} MiB are the most that a document may have", str(path))
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _explained(error, path) from None


def save(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write a document, whole or not at all, and safely on the disk when this returns.

    The permissions of a file that is there are kept; a symbolic link keeps pointing where it did.

    Raises:
        FormatError: it cannot be written; a file that was there is unchanged.
    """
    try:
        data = dumps(graph).encode("utf-8")
        if len(data) > MAX_BYTES:
            raise FormatError(f"would be larger than {MAX_BYTES >> 20} MiB and could not be opened again")
        check_limits(data)
    except FormatError as error:
        raise FormatError(error.reason, str(path)) from None
    try:
        _replace(Path(os.path.realpath(path)), data)
    except (OSError, ValueError) as error:
        raise _explained(error, path) from None


def _replace(target: Path, data: bytes) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if not target.parent.is_dir():
        raise FormatError(f"cannot be written: the folder {target.parent} does not exist", str(target))
    mode = _permissions(target)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".nawgraph-part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    _sync_folder(target.parent)


def _permissions(target: Path) -> int:
    """Of the file that is there, else what a new file would get."""
    if target.exists():
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "is read-only")
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _explained(error: OSError | ValueError, path: str | os.PathLike[str]) -> FormatError:
    if isinstance(error, FormatError):
        return error
    if isinstance(error, OSError):
        reason = _REASONS.get(error.errno or 0, f"cannot be read or written: {error.strerror or error}")
        return FormatError(reason, str(path))
    return FormatError("is not a name that a file can have", str(path).replace("\0", "␀"))
