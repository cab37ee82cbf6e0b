"""Codecs: sound to tokens or latents and back; tokens looked at, edited, cut down, moved to another codec."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import numpy as np

from nawgraph.audio.resample import resample
from nawgraph.audio.spectral import log_spectral_distance, si_sdr
from nawgraph.context import Context
from nawgraph.hints import Choice, File, Model, Range
from nawgraph.node import node
from nawgraph.values import Audio, CodecRef, Latents, Stems, Tokens

HOUSE = CodecRef("codec", "house", "1")
"""The codec that is used where none is wired."""


class Decoded(NamedTuple):
    """The sum of all stems, and the stems."""

    audio: Audio
    stems: Stems


class Viewed(NamedTuple):
    """The tokens, what they are in words, and their bit rate in kbit/s."""

    tokens: Tokens
    table: str
    kbps: float


class Parts(NamedTuple):
    """The first codebooks, and all."""

    structure: Tokens
    texture: Tokens


class Converted(NamedTuple):
    """Tokens of the other codec, what was lost (SI-SDR and log-spectral distance in dB), and that in words."""

    tokens: Tokens
    sdr: float
    distance: float
    table: str


@node("codec.model", title="Codec weights", pure=False, needs="io", aliases=("checkpoint", "DAC", "EnCodec", "Oobleck"))
def model(
    *, name: Annotated[str, Model("codec")] = "", file: Annotated[str, File(("safetensors",))] = "", ctx: Context
) -> CodecRef:
    """Choose a codec: the `name` of an installed one (`nawgraph models list`), or a `file` with its config.json by it.

    Both empty: nawgraph's own.
    """
    if name and file:
        raise ValueError("give a name or a file, not both")
    if name:
        found = ctx.model("codec", name)
        return CodecRef("codec", found.name, found.revision)
    if not file:
        return HOUSE
    return CodecRef("codec", file, digest_of(file))


def digest_of(file: str) -> str:
    """The revision of a file of weights: blake3 of its bytes, 160 bit, hexadecimal.

    Raises:
        ValueError: it cannot be read.
    """
    from pathlib import Path

    from blake3 import blake3

    hasher = blake3()
    try:
        with Path(file).open("rb") as opened:
            while block := opened.read(1 << 22):
                hasher.update(block)
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    return hasher.hexdigest(length=20)


@node(
    "codec.encode",
    title="Encode sound",
    needs="gpu",
    models={"codec": HOUSE},
    aliases=("tokenize", "DAC", "EnCodec", "compress"),
)
def encode(
    audio: Audio | None = None,
    stems: Stems | None = None,
    codec: CodecRef | None = None,
    *,
    codebooks: Annotated[int, Range(0, 64)] = 0,
    ctx: Context,
) -> Tokens:
    """Turn a sound or stems of any rate and length into tokens.

    Fewer `codebooks` give a lower bit rate and a rougher sound; 0 takes all. Long sounds are coded in pieces without
    seams: the tokens are those of the whole.
    """
    with ctx.borrow(_codec(codec)) as model:
        made: Tokens = model.encode(_sounds(audio, stems), codebooks, ctx.progress)
    return made


@node(
    "codec.latents",
    title="Encode to latents",
    needs="gpu",
    models={"codec": HOUSE},
    aliases=("Oobleck", "VAE", "continuous"),
)
def latents(
    audio: Audio | None = None, stems: Stems | None = None, codec: CodecRef | None = None, *, ctx: Context
) -> Latents:
    """Turn a sound or stems into a codec's latents: what its encoder makes before anything is rounded to tokens."""
    with ctx.borrow(_codec(codec)) as model:
        made: Latents = model.latents(_sounds(audio, stems), ctx.progress)
    return made


@node(
    "codec.decode", title="Decode to sound", needs="gpu", models={"codec": HOUSE}, aliases=("detokenize", "reconstruct")
)
def decode(
    tokens: Tokens | None = None, latents: Latents | None = None, codec: CodecRef | None = None, *, ctx: Context
) -> Decoded:
    """Turn tokens or latents of a codec back into sound, at the codec's sample rate.

    Tokens give a sound of the length that was encoded, latents whole frames. Only the codec that made them reads them.
    """
    if (tokens is None) == (latents is None):
        raise ValueError("wire either tokens or latents")
    with ctx.borrow(_codec(codec)) as model:
        made = model.decode(tokens, ctx.progress) if tokens is not None else model.from_latents(latents, ctx.progress)
    sounds = list(made.values())
    total = np.asarray(np.sum([s.samples for s in sounds], axis=0, dtype=np.float32))
    return Decoded(Audio(total, sounds[0].rate), Stems.of(made))


@node("codec.tokens", title="Look at and edit tokens", aliases=("token view", "token edit", "swap codes"))
def tokens_(
    tokens: Tokens,
    *,
    edit: Annotated[str, Choice("none", "set", "shuffle codebook", "repeat", "reverse")] = "none",
    codebook: Annotated[int, Range(-1, 63)] = -1,
    first: Annotated[float, Range(0, 100_000, unit="s")] = 0.0,
    seconds: Annotated[float, Range(0, 100_000, unit="s")] = 0.0,
    code: Annotated[int, Range(0, 65_535)] = 0,
    seed: Annotated[int, Range(0, 2**31)] = 0,
    ctx: Context,
) -> Viewed:
    """Show tokens as a table of codebooks, and change those of a span of time.

    `codebook` −1 means all; `seconds` 0 means to the end. `set` writes one `code`, `shuffle codebook` mixes
    codes in time by `seed`, `repeat` holds the span's first frame, `reverse` plays the span's frames backwards.
    """
    codes = np.array(tokens.codes)
    frames, books = codes.shape[3], codes.shape[2]
    begin = min(round(first * tokens.frame_rate), frames)
    end = frames if not seconds else min(begin + max(1, round(seconds * tokens.frame_rate)), frames)
    if codebook >= books:
        raise ValueError(f"codebook must be below {books}, the number that these tokens have, got {codebook}")
    rows = slice(None) if codebook < 0 else slice(codebook, codebook + 1)
    part = codes[:, :, rows, begin:end]
    if edit == "set":
        part[...] = code
    elif edit == "repeat" and part.size:
        part[...] = part[..., :1]
    elif edit == "reverse":
        part[...] = part[..., ::-1].copy()
    elif edit == "shuffle codebook":
        part[...] = part[..., ctx.rng(seed).permutation(part.shape[3])]
    made = Tokens(tokens.names, codes, tokens.frame_rate, tokens.space, tokens.scale, tokens.samples)
    return Viewed(made, _table(made), _kbps(made))


@node("codec.truncate", title="Fewer codebooks", aliases=("bit rate", "degrade"))
def truncate(tokens: Tokens, *, codebooks: Annotated[int, Range(1, 64)] = 4) -> Tokens:
    """Keep the first codebooks only: a lower bit rate, a rougher sound. More than there are changes nothing."""
    return _with(tokens, tokens.codes[:, :, :codebooks])


@node("codec.split", title="Structure and texture", aliases=("coarse", "fine", "semantic"))
def split(tokens: Tokens, *, structure: Annotated[int, Range(1, 63)] = 2) -> Parts:
    """Take tokens apart: the first `structure` codebooks carry notes and rhythm, the others the surface of the sound.

    `structure` can be decoded by itself; `texture` goes through `codec.join` with another sound's structure.
    """
    if structure >= tokens.codes.shape[2]:
        raise ValueError(f"structure must be below {tokens.codes.shape[2]}, the number of codebooks, got {structure}")
    return Parts(_with(tokens, tokens.codes[:, :, :structure]), _with(tokens, tokens.codes[:, :, structure:]))


@node("codec.join", title="Join structure and texture", aliases=("hybrid", "morph", "graft"))
def join(structure: Tokens, texture: Tokens) -> Tokens:
    """Put the texture of one sound on the structure of another, of the same codec; the longer one is cut."""
    if structure.space != texture.space or structure.names != texture.names:
        raise ValueError(
            f"structure ({structure.space}) and texture ({texture.space}) must be of one codec and the same stems"
        )
    if structure.codes.shape[1] != texture.codes.shape[1]:
        raise ValueError("structure and texture have different numbers of channels: make both mono or both stereo")
    frames = min(structure.codes.shape[3], texture.codes.shape[3])
    codes = np.concatenate([structure.codes[..., :frames], texture.codes[..., :frames]], axis=2)
    chunks = min(structure.scale.shape[2], texture.scale.shape[2])
    samples = min(structure.samples, texture.samples) if structure.samples and texture.samples else 0
    return Tokens(
        structure.names, codes, structure.frame_rate, structure.space, structure.scale[:, :, :chunks], samples
    )


@node(
    "codec.convert",
    title="Convert to another codec",
    needs="gpu",
    models={"codec": HOUSE, "target": HOUSE},
    aliases=("transcode", "cross-codec"),
)
def convert(
    tokens: Tokens,
    codec: CodecRef | None = None,
    target: CodecRef | None = None,
    *,
    codebooks: Annotated[int, Range(0, 64)] = 0,
    ctx: Context,
) -> Converted:
    """Turn tokens of `codec` into tokens of `target`, by way of sound, and say what that cost.

    The loss is measured between what the two codecs make of their tokens: SI-SDR in dB (more is better) and the
    distance of the log spectra in dB (less is better).
    """
    with ctx.borrow(_codec(codec)) as model:
        heard: dict[str, Audio] = model.decode(tokens, ctx.progress)
    with ctx.borrow(_codec(target)) as other:
        made: Tokens = other.encode(heard, codebooks, ctx.progress)
        again: dict[str, Audio] = other.decode(made, ctx.progress)
    lines, figures = [], []
    for name, before in heard.items():
        after = again[name]
        told = resample(before.samples, before.rate, after.rate)
        if told.shape[0] == 1 < after.channels:
            told = np.repeat(told, after.channels, axis=0)
        size = min(told.shape[1], after.frames)
        pair = told[:, :size], after.samples[:, :size]
        figures.append((si_sdr(*pair), log_spectral_distance(*pair, after.rate)))
        lines.append(f"{name}: SI-SDR {figures[-1][0]:.1f} dB, log-spectral distance {figures[-1][1]:.1f} dB")
    sdr, distance = np.mean(figures, axis=0)
    lines.append(f"{tokens.space} at {_kbps(tokens):.2f} kbit/s to {made.space} at {_kbps(made):.2f} kbit/s")
    return Converted(made, float(sdr), float(distance), "\n".join(lines))


def _codec(codec: CodecRef | None) -> CodecRef:
    if codec is not None and codec.kind != "codec":
        raise ValueError(f"codec is a {codec.kind}: wire a codec, as codec.model gives")
    return codec or HOUSE


def _sounds(audio: Audio | None, stems: Stems | None) -> dict[str, Audio]:
    if (audio is None) == (stems is None):
        raise ValueError("wire either audio or stems")
    return {"mix": audio} if audio is not None else dict(stems or ())


def _with(tokens: Tokens, codes: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> Tokens:
    return Tokens(tokens.names, codes, tokens.frame_rate, tokens.space, tokens.scale, tokens.samples)


def _bits(tokens: Tokens) -> int:
    """Bits of a code: as many as the largest code there is needs."""
    return max(1, math.ceil(math.log2(int(tokens.codes.max(initial=1)) + 1)))


def _kbps(tokens: Tokens) -> float:
    stems, channels, books, _ = tokens.codes.shape
    return float(stems * channels * books * _bits(tokens) * tokens.frame_rate / 1000)


def _table(tokens: Tokens) -> str:
    stems, channels, books, frames = tokens.codes.shape
    lines = [f"{tokens.space}: {stems} stems × {channels} channels × {books} codebooks × {frames} frames, "
             f"{tokens.frame_rate:.2f} frames a second, {_kbps(tokens):.2f} kbit/s"]  # fmt: skip
    for book in range(books):
        row = tokens.codes[:, :, book]
        shown = " ".join(str(c) for c in row[0, 0, :12])
        lines.append(f"{book}: {len(np.unique(row))} different codes; {shown}{' …' if frames > 12 else ''}")
    return "\n".join(lines)
