"""Libraries that take long to import are imported where they are first needed, by one thread at a time.

Two threads that import two parts of scipy at the same moment wait for each other's locks; Python then lets one of them
go on with a module that is only half there (``Module 'scipy' has no attribute '_lib'``). So each such import is made
under one lock:

    with importing:
        from scipy.fft import rfft
"""

from __future__ import annotations

from threading import RLock

importing = RLock()
"""Held while a part of scipy is imported; costs a tenth of a microsecond once it is there."""
