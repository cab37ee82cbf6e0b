"""Libraries that take long to import are imported where they are first needed, by one thread at a time.

Where one thread imports a part of scipy while another imports numba, which imports scipy, each can wait for a lock of
the other; Python then lets one go on with a module that is only half there (``Module 'scipy' has no attribute '_lib'``,
until the process ends). So each import of either is made under one lock:

    with importing:
        from scipy.fft import rfft
"""

from __future__ import annotations

from threading import RLock

importing = RLock()
"""Held while numba or a part of scipy is imported; costs a tenth of a microsecond once it is there."""
