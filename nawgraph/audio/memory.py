"""How much memory is free."""

from __future__ import annotations

from pathlib import Path


def available() -> int | None:
    """Bytes that can be had without swapping; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def demand(needed: int, what: str) -> None:
    """See that there is memory for something.

    Raises:
        ValueError: there is not; says how much is needed and how much is free.
    """
    free = available()
    if free is not None and needed > free:
        raise ValueError(
            f"{what} needs {needed / 2**30:.1f} GiB of memory and {free / 2**30:.1f} GiB are free: "
            f"cut the song into parts with audio.trim, or close other programs"
        )
