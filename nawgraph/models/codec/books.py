"""Residual vector quantisation: each codebook rounds what the ones before it left over (Zeghidour et al. 2021)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

BOOKS, CODES = 20, 512
STRUCTURE = 2
"""Codebooks that hold the structure: level, tone and rhythm. The others are texture."""

BEAM = 4
"""Partial sums that the encoder follows at once."""


def nearest(rows: F32, book: F32, count: int = 1) -> tuple[I32, F32]:
    """The nearest codes of each row, and their squared distances less the row's own square: [rows, count] each."""
    distance = (book**2).sum(axis=1)[None] - 2 * rows @ book.T
    if count == 1:
        found = distance.argmin(axis=1)[:, None]
    else:
        found = np.argpartition(distance, count, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(distance, found, axis=1), axis=1, kind="stable")
        found = np.take_along_axis(found, order, axis=1)
    return found.astype(np.int32), np.take_along_axis(distance, found, axis=1)


def encode(rows: F32, books: F32, beam: int = BEAM) -> I32:
    """Codes [rows, used] of rows [rows, latents] in books [used, codes, latents]; `beam` sums are followed at once."""
    count, width = rows.shape
    codes = np.zeros((count, 1, 0), np.int32)
    rest = rows[:, None, :]
    for book in books:
        kept = rest.shape[1]
        found, gain = nearest(rest.reshape(-1, width), book, min(beam, len(book) - 1))
        error = (rest**2).sum(axis=2)[:, :, None] + gain.reshape(count, kept, -1)
        tries = found.reshape(count, kept, -1)
        flat = error.reshape(count, -1)
        best = np.argsort(flat, axis=1, kind="stable")[:, : min(beam, flat.shape[1])]
        origin = best // tries.shape[2]
        chosen = np.take_along_axis(tries.reshape(count, -1), best, axis=1)
        codes = np.concatenate([np.take_along_axis(codes, origin[:, :, None], axis=1), chosen[:, :, None]], axis=2)
        rest = np.take_along_axis(rest, origin[:, :, None], axis=1) - book[chosen]
    return np.asarray(codes[:, 0], np.int32)


def decode(codes: npt.NDArray[np.integer], books: F32) -> F32:
    """Rows [rows, latents] of codes [rows, used]."""
    made = np.zeros((len(codes), books.shape[2]), np.float32)
    for index in range(codes.shape[1]):
        made += books[index][codes[:, index]]
    return made
