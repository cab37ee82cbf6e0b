"""The one error of this package."""

from __future__ import annotations


class FormatError(ValueError):
    """A document that cannot be read or written; the message is one sentence for people.

    Attributes:
        path: of the file, or the name that the text goes by; empty where there is none.
        reason: the sentence without the path.
    """

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path
