"""The house renderer and vocoder as nodes see them: scores to latents, latents to stems."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.audio.regions import REGIONS
from nawgraph.models import own_weights
from nawgraph.models.loaders import loader
from nawgraph.models.render.space import FRAME_RATE, HOP, RATE, SIDES, Space, frames_of
from nawgraph.values import STEMS, Audio, Latents, ModelRef, Score, Stems

F32 = npt.NDArray[np.float32]

HOUSE = "house"
FOLDER = Path(__file__).parents[1] / "weights"
FILES = {"renderer": "renderer.safetensors", "vocoder": "vocoder.safetensors"}
REVISIONS = {"renderer": "2", "vocoder": "2"}
"""Of the weights that come with nawgraph; raised with them, and with it the version of the nodes that use them."""

TAIL = 3
"""Seconds after the last bar that a rendering keeps."""

KINDS = ("dynamics", "timbre")
"""Kinds of control curves that the renderer follows, in the order of `controls.curves`."""


Guide = tuple[str, str, F32, float]
"""A course that a stem is to follow: its name, one of `KINDS`, values [any frames] as `HouseVocoder.controls` has them,
and their rate in Hz."""


class HouseRenderer:
    """Turns scores into latents of the house render space. Any number of threads may use one."""

    def __init__(self, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        from nawgraph.models.render.network import Renderer, Shape
        from nawgraph.models.render.vocoder import filled

        self.space = Space.of(tensors)
        self.players: list[str] = list(facts["instruments"])
        self.styles: list[str] = list(facts["styles"])
        self.levels: Mapping[str, float] = facts.get("levels", {})
        self.network = filled(Renderer(Shape(len(self.players), len(self.styles))), tensors, "renderer")

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(p.numel() * p.element_size() for p in self.network.parameters())

    def to(self, device: str) -> None:
        """Move the network to a device."""
        self.network.to(device)

    def render(
        self, score: Score, *, seed: int, count: int, steps: Any, known: Latents | None = None, keep: F32 | None = None,
        guides: Sequence[Guide] = (),
    ) -> Latents:  # fmt: skip
        """Latents of the four standard stems of a score, from its first bar to `TAIL` seconds after its last.

        Args:
            score: what is to be heard; its parts name instruments.
            seed: of the noise that the rendering begins with.
            count: steps along the flow; more than 4 gain nothing that can be measured.
            steps: iterates over a number of steps with a label, showing progress.
            known: latents to keep where `keep` says so, of this space and length.
            keep: float32 [4, regions, frames], 1 where a region of a stem's spectrum is kept as `known` has it.
            guides: courses that stems follow.

        Raises:
            ValueError: latents of another space or length.
        """
        from nawgraph.models.render.conditions import notes_of
        from nawgraph.models.render.sampler import sample, scene_of, windows

        frames = frames_of(score.grid.frames(RATE) + TAIL * RATE)
        spans = windows(frames)
        total = max(start + length for start, length in spans)
        given, mask = self._kept(score, frames, total, known, keep)
        heard = self._known(given, mask)
        curves, told = self._courses(guides, total)
        notes = [notes_of(part, score) for part in score.parts if part.notes]
        style = self.styles.index(score.style) if score.style in self.styles else len(self.styles)
        scenes = (
            scene_of(
                notes, self._player, start, length, style=style, bpm=score.bpm,
                known=heard[start : start + length], keep=mask[start : start + length].reshape(length, -1),
                controls=curves[start : start + length], controlled=told,
            )
            for start, length in spans
        )  # fmt: skip
        bend = partial(self._bend, curves, told) if guides else None
        made = sample(self.network, scenes, spans, frames, seed, count, steps, bend) + self._shift()
        wide = np.repeat(mask[:frames].min(axis=2), self.space.sizes, axis=1)
        made = np.where(wide > 0, given[:frames], made)
        parts = np.split(made, np.cumsum(self.space.sizes)[:-1], axis=1)
        return Latents(STEMS, tuple(np.ascontiguousarray(part.T) for part in parts), FRAME_RATE, self.space.name)

    def _player(self, instrument: str) -> int:
        return self.players.index(instrument) if instrument in self.players else len(self.players)

    def _kept(self, score: Score, frames: int, total: int, known: Latents | None, keep: F32 | None) -> tuple[F32, F32]:
        """Known latents [total, latents] and the mask [total, 4, regions]: what is kept, and silence of idle stems."""
        given, mask = self.silence(total), np.zeros((total, 4, len(REGIONS) - 1), np.float32)
        idle = [i for i, stem in enumerate(STEMS) if not any(p.notes for p in score.of_stem(stem))]
        mask[:, idle] = 1
        if known is None or keep is None:
            return given, mask
        if known.space != self.space.name or known.names != STEMS or known.data[0].shape[1] != frames:
            raise ValueError(
                f"the latents to keep are {known.space} with {known.data[0].shape[1]} frames; this score needs "
                f"{self.space.name} with {frames}: render it once, and keep parts of that"
            )
        rows = np.concatenate([d.T for d in known.data], axis=1)
        held = np.zeros_like(mask)
        held[:frames] = np.asarray(keep, np.float32).transpose(2, 0, 1)[:frames] > 0.5
        wide = np.repeat(held[:frames].max(axis=2), self.space.sizes, axis=1)
        given[:frames] = np.where(wide > 0, rows, given[:frames])
        return given, np.maximum(mask, held)

    def _known(self, given: F32, mask: F32) -> F32:
        """What the network hears of the known latents, [frames, latents]: what is kept of them."""
        made, parts = np.zeros_like(given), np.split(given, np.cumsum(self.space.sizes)[:-1], axis=1)
        places = np.split(made, np.cumsum(self.space.sizes)[:-1], axis=1)  # views
        for index, stem in enumerate(STEMS):
            rows = np.flatnonzero(mask[:, index].any(axis=1))
            if len(rows):
                features = self.space.decode(stem, parts[index][rows])
                places[index][rows] = self.space.encode_kept(stem, features, mask[rows, index])
        return made

    def _courses(self, guides: Sequence[Guide], frames: int) -> tuple[F32, F32]:
        """Control curves [frames, 8] and which of them are given [8]."""
        curves, told = np.zeros((frames, 2 * len(STEMS)), np.float32), np.zeros(2 * len(STEMS), np.float32)
        at = np.arange(frames) / FRAME_RATE
        for stem, kind, values, rate in guides:
            place = len(KINDS) * STEMS.index(stem) + KINDS.index(kind)
            curves[:, place] = np.interp(at, np.arange(len(values)) / rate, values)
            told[place] = 1
        return curves, told

    def _shift(self) -> F32:
        """What brings each stem to the level that was measured as right, [latents]: see `training.render.levels`."""
        rows = []
        for stem in STEMS:
            lift = np.zeros(len(self.space.bases[stem].mean), np.float32)
            lift[:-SIDES] = self.levels.get(stem, 0.0) / 10
            rows.append(lift @ self.space.bases[stem].matrix)
        return np.concatenate(rows)

    def _bend(self, curves: F32, told: F32, latents: F32) -> None:
        """Bring latents [frames, latents] to the courses that are given, in place.

        The network is told the courses too, but reads off the level and the colour of what it is shown rather than
        believe them: so it is shown what was asked for.
        """
        from nawgraph.models.render.controls import followed

        shift, parts = self._shift(), np.split(latents, np.cumsum(self.space.sizes)[:-1], axis=1)  # views
        shifts = np.split(shift, np.cumsum(self.space.sizes)[:-1])
        for index, (stem, part) in enumerate(zip(STEMS, parts, strict=True)):
            mine = slice(index * len(KINDS), (index + 1) * len(KINDS))
            level, bright = (
                c.astype(np.float64) if on else None
                for c, on in zip(curves[: len(latents), mine].T, told[mine], strict=True)
            )
            if level is not None or bright is not None:
                features = self.space.decode(stem, part + shifts[index])
                part[:] = self.space.encode(stem, followed(stem, features, level, bright)) - shifts[index]

    def silence(self, frames: int) -> F32:
        """Latents of silence, [frames, latents]."""
        from nawgraph.models.render.space import features

        rows = [self.space.encode(s, features(s, np.zeros((2, HOP), np.float32), 1)) for s in STEMS]
        return np.repeat(np.concatenate(rows, axis=1), frames, axis=0)


class HouseVocoder:
    """Turns latents of the house render space into stems."""

    def __init__(self, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        from nawgraph.models.render.vocoder import Magnitudes, filled

        self.space = Space.of(tensors)
        widths = facts["widths"]
        self.tonal = filled(Magnitudes(False, int(widths["tonal"])), tensors, "tonal")
        self.drums = filled(Magnitudes(True, int(widths["drums"])), tensors, "drums")

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(p.numel() * p.element_size() for n in (self.tonal, self.drums) for p in n.parameters())

    def to(self, device: str) -> None:
        """Move the networks to a device; phases are made on the processor."""
        self.tonal.to(device)
        self.drums.to(device)

    def decode(self, latents: Latents, *, seed: int = 0, length: int | None = None, steps: Any = None) -> Stems:
        """Stereo stems at 44.1 kHz.

        Args:
            latents: of this vocoder's space.
            seed: of the phases and the noise that nothing decides.
            length: samples, by default 1024 a frame.
            steps: told what is done of how much, and the stem; called from several threads, never twice at once.

        Raises:
            ValueError: latents of another space, or with a number that is not finite.
        """
        from nawgraph.models.render.vocoder import PIECE, sound

        if latents.space != self.space.name:
            raise ValueError(
                f"the latents are of {latents.space}, this vocoder reads {self.space.name}: use that of their renderer"
            )
        if not all(np.isfinite(d).all() for d in latents.data):
            raise ValueError("the latents hold a number that is not finite (NaN or infinity): make them anew")
        size = (latents.data[0].shape[1] - 1) * HOP if length is None else length
        loudest = self._loudest(latents)

        def one(index: int) -> Audio:
            name, data = latents.names[index], latents.data[index]
            if loudest[name] < -6.5:
                return Audio(np.zeros((2, size), np.float32), RATE)
            network = self.drums if name == "drums" else self.tonal
            rng = np.random.Generator(np.random.Philox(key=[seed & (2**64 - 1), index]))
            features = self.space.decode(name, np.ascontiguousarray(data.T))
            return Audio(sound(network, features, size, rng, lambda: tell(name)), RATE)

        count, lock, done = len(latents.names), Lock(), itertools.count(1)
        total = count * -(-latents.data[0].shape[1] // PIECE)

        def tell(name: str) -> None:
            if steps is not None:
                with lock:
                    steps(min(next(done), total), total, name)

        with ThreadPoolExecutor(max(1, min(count, os.cpu_count() or 1))) as pool:
            return Stems.of(dict(zip(latents.names, pool.map(one, range(count)), strict=True)))

    @staticmethod
    def length_of(score: Score) -> int:
        """Samples of a rendering of a score: its bars and `TAIL` seconds."""
        return score.grid.frames(RATE) + TAIL * RATE

    def encode(self, stems: Stems) -> Latents:
        """Latents of stems at 44.1 kHz, also recorded ones: what `decode` turns into their like."""
        rows = self.space.encode_stems(stems)
        return Latents(STEMS, tuple(np.ascontiguousarray(r.T) for r in rows), FRAME_RATE, self.space.name)

    def latents(self, sounds: Mapping[str, Audio], progress: Any = None) -> Latents:
        """Latents of sounds of any rate, as published vocoders have them; what is none of the four stems is other."""
        from nawgraph.audio.resample import fit, resample

        named: dict[str, Any] = {}
        for name, audio in sounds.items():
            if audio.channels > 2:
                raise ValueError(f"the house vocoder knows mono and stereo, {name} has {audio.channels} channels")
            if not audio.frames:
                raise ValueError("the sound is empty: give it at least one sample")
            samples = resample(audio.samples, audio.rate, RATE)
            stem, both = name if name in STEMS else "other", np.repeat(samples, 3 - samples.shape[0], axis=0)[:2]
            frames = max(both.shape[1], named[stem].shape[1]) if stem in named else both.shape[1]
            named[stem] = fit(both, frames) + (fit(named[stem], frames) if stem in named else 0)
        return self.encode(Stems.of({name: Audio(samples, RATE) for name, samples in named.items()}))

    def from_latents(self, latents: Latents, progress: Any = None) -> dict[str, Audio]:
        """Stems of latents, as published vocoders give them."""
        return dict(self.decode(latents, steps=progress))

    def controls(self, stems: Stems) -> tuple[F32, float]:
        """Level and brightness of the standard stems at 44.1 kHz, float32 [4, 2, frames], and the frame rate."""
        from nawgraph.models.render.controls import curves
        from nawgraph.models.render.space import features, stereo

        count, made = frames_of(stems.frames), []
        for stem in STEMS:
            samples = stereo(stems[stem]) if stem in stems.names else np.zeros((2, stems.frames), np.float32)
            made.append(curves(stem, features(stem, samples, count)).T)
        return np.stack(made), FRAME_RATE

    def _loudest(self, latents: Latents) -> dict[str, float]:
        """The strongest band of each stem, log10 of its power."""
        pairs = zip(latents.names, latents.data, strict=True)
        return {name: float(self.space.decode(name, data.T)[:, :-SIDES].max()) for name, data in pairs}


def save(
    path: Path, tensors: Mapping[str, F32], facts: Mapping[str, Any], *, notes: Sequence[tuple[str, str]] = ()
) -> None:
    """Write weights, whole or not at all: fp16, but the space, which stays float32."""
    arrays = {
        k: np.ascontiguousarray(v, np.float32 if k.startswith("space.") else np.float16) for k, v in tensors.items()
    }
    own_weights.write(path, arrays, {"render": json.dumps(dict(facts)), **dict(notes)})


def read(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and facts of a file of weights. Raises LookupError, ValueError, as `own_weights.read` does."""
    return own_weights.read(path, kind, entry="render")


def size(ref: ModelRef) -> int:
    """Bytes that a network of ours will occupy."""
    path = _path(ref)
    return 2 * path.stat().st_size if path.is_file() else 0


def _path(ref: ModelRef) -> Path:
    return FOLDER / FILES[ref.kind] if ref.name == HOUSE else Path(ref.name)


@loader("renderer", estimate=size)
def load_renderer(ref: ModelRef) -> HouseRenderer:
    """The house renderer, or one that `nawgraph train renderer` made. Raises LookupError, ValueError."""
    made: HouseRenderer = _made(HouseRenderer, ref)
    return made


def load_vocoder(ref: ModelRef) -> HouseVocoder:
    """The house vocoder, or one that `nawgraph train vocoder` made. Raises LookupError, ValueError."""
    made: HouseVocoder = _made(HouseVocoder, ref)
    return made


def _made(what: Any, ref: ModelRef) -> Any:
    path = _path(ref)
    tensors, facts = read(path, ref.kind)
    return own_weights.made(path, lambda: what(tensors, facts))
