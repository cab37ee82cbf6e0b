"""The house renderer and vocoder as nodes see them: scores to latents, latents to stems."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models import own_weights
from nawgraph.models.loaders import loader
from nawgraph.models.render.space import FRAME_RATE, HOP, RATE, SIDES, Space, frames_of
from nawgraph.values import STEMS, Audio, Latents, ModelRef, Score, Stems

F32 = npt.NDArray[np.float32]

HOUSE = "house"
FOLDER = Path(__file__).parents[1] / "weights"
FILES = {"renderer": "renderer.safetensors", "vocoder": "vocoder.safetensors"}
REVISIONS = {"renderer": "1", "vocoder": "1"}
"""Of the weights that come with nawgraph; raised with them, and with it the version of the nodes that use them."""

TAIL = 3
"""Seconds after the last bar that a rendering keeps."""


AUDIBLE = 0.25
"""Level (0 is −60 dB) below which a stem is left alone by a course of level: what is not played is not made loud."""


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
        guides: Sequence[tuple[str, F32, float]] = (),
    ) -> Latents:  # fmt: skip
        """Latents of the four standard stems of a score, from its first bar to `TAIL` seconds after its last.

        Args:
            score: what is to be heard; its parts name instruments.
            seed: of the noise that the rendering begins with.
            count: steps along the flow; more than 4 gain nothing that can be measured.
            steps: iterates over a number of steps with a label, showing progress.
            known: latents to keep where `keep` says so, of this space and length.
            keep: float32 [4, frames], 1 where a stem is kept as `known` has it.
            guides: courses of level to follow: stem, values [any frames] as `HouseVocoder.controls` has them, rate, Hz.

        Raises:
            ValueError: latents of another space or length.
        """
        from nawgraph.models.render.conditions import notes_of
        from nawgraph.models.render.network import Renderer
        from nawgraph.models.render.sampler import sample, scene_of, windows

        frames = frames_of(score.grid.frames(RATE) + TAIL * RATE)
        spans = windows(frames)
        total = max(start + length for start, length in spans)
        given, mask = self._kept(score, frames, total, known, keep)
        notes = [notes_of(part, score) for part in score.parts if part.notes]
        style = self.styles.index(score.style) if score.style in self.styles else len(self.styles)
        scenes = [
            scene_of(
                notes, self._player, start, length, style=style, bpm=score.bpm,
                known=given[start : start + length], keep=mask[start : start + length],
            )
            for start, length in spans
        ]  # fmt: skip
        assert isinstance(self.network, Renderer)
        made = sample(self.network, scenes, spans, frames, seed, count, steps) + self._shift()
        for stem, values, rate in guides:
            self._follow(made, stem, np.interp(np.arange(frames) / FRAME_RATE, np.arange(len(values)) / rate, values))
        wide = np.repeat(mask[:frames], self.space.sizes, axis=1)
        made = np.where(wide > 0, given[:frames], made)
        parts = np.split(made, np.cumsum(self.space.sizes)[:-1], axis=1)
        return Latents(STEMS, tuple(np.ascontiguousarray(part.T) for part in parts), FRAME_RATE, self.space.name)

    def _player(self, instrument: str) -> int:
        return self.players.index(instrument) if instrument in self.players else len(self.players)

    def _kept(self, score: Score, frames: int, total: int, known: Latents | None, keep: F32 | None) -> tuple[F32, F32]:
        """Known latents [total, latents] and the mask [total, 4]: what the caller keeps, and silence of idle stems."""
        given, mask = self.silence(total), np.zeros((total, 4), np.float32)
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
        held = np.zeros((total, 4), np.float32)
        held[:frames] = np.asarray(keep, np.float32).T[:frames] > 0.5
        wide = np.repeat(held[:frames], self.space.sizes, axis=1)
        given[:frames] = np.where(wide > 0, rows, given[:frames])
        return given, np.maximum(mask, held)

    def _shift(self) -> F32:
        """What brings each stem to the level that was measured as right, [latents]: see `training.render.levels`."""
        rows = []
        for stem in STEMS:
            lift = np.zeros(len(self.space.bases[stem].mean), np.float32)
            lift[:-SIDES] = self.levels.get(stem, 0.0) / 10
            rows.append(lift @ self.space.bases[stem].matrix)
        return np.concatenate(rows)

    def _follow(self, made: F32, stem: str, wanted: npt.NDArray[np.float64]) -> None:
        """Bring the level of a stem to a course, in place: at most 40 dB down and 20 dB up, and only where it sounds.

        The network was trained with such curves too; they always agreed with the notes then, and it does not listen to
        those that do not. So the spectra are moved directly, and their floor stays where it is.
        """
        from nawgraph.models.render.controls import curves, smoothed
        from nawgraph.models.render.space import FLOOR

        begin = sum(self.space.sizes[: STEMS.index(stem)])
        part = made[:, begin : begin + self.space.sizes[STEMS.index(stem)]]
        rows = self.space.decode(stem, part)
        level = curves(stem, rows)[:, 0]
        lift = np.where(level > AUDIBLE, np.clip(6 * (wanted - level), -4, 2), 0)  # a level of 1 is 60 dB
        power = np.maximum(10.0 ** rows[:, :-SIDES] - FLOOR, 0) * 10 ** smoothed(lift[:, None])
        rows[:, :-SIDES] = np.log10(power + FLOOR)
        part[:] = self.space.encode(stem, rows)

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
            steps: iterates over the stems, showing progress.

        Raises:
            ValueError: latents of another space, or with a number that is not finite.
        """
        from nawgraph.models.render.vocoder import Magnitudes, sound

        if latents.space != self.space.name:
            raise ValueError(
                f"the latents are of {latents.space}, this vocoder reads {self.space.name}: use that of their renderer"
            )
        if not all(np.isfinite(d).all() for d in latents.data):
            raise ValueError("the latents hold a number that is not finite (NaN or infinity): make them anew")
        size = (latents.data[0].shape[1] - 1) * HOP if length is None else length
        loudest = self._loudest(latents)
        made = {}
        for index, (name, data) in enumerate(zip(latents.names, latents.data, strict=True)):
            if steps is not None:
                steps(index, len(latents.names), name)
            if loudest[name] < -6.5:
                made[name] = Audio(np.zeros((2, size), np.float32), RATE)
                continue
            network = self.drums if name == "drums" else self.tonal
            assert isinstance(network, Magnitudes)
            rng = np.random.Generator(np.random.Philox(key=[seed & (2**64 - 1), index]))
            made[name] = Audio(sound(network, self.space.decode(name, np.ascontiguousarray(data.T)), size, rng), RATE)
        return Stems.of(made)

    @staticmethod
    def length_of(score: Score) -> int:
        """Samples of a rendering of a score: its bars and `TAIL` seconds."""
        return score.grid.frames(RATE) + TAIL * RATE

    def encode(self, stems: Stems) -> Latents:
        """Latents of stems at 44.1 kHz, also recorded ones: what `decode` turns into their like."""
        rows = self.space.encode_stems(stems)
        return Latents(STEMS, tuple(np.ascontiguousarray(r.T) for r in rows), FRAME_RATE, self.space.name)

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


def _size(ref: ModelRef) -> int:
    path = _path(ref)
    return 2 * path.stat().st_size if path.is_file() else 0


def _path(ref: ModelRef) -> Path:
    return FOLDER / FILES[ref.kind] if ref.name == HOUSE else Path(ref.name)


@loader("renderer", estimate=_size)
def load_renderer(ref: ModelRef) -> HouseRenderer:
    """The house renderer, or one that `nawgraph train renderer` made. Raises LookupError, ValueError."""
    made: HouseRenderer = _made(HouseRenderer, ref)
    return made


@loader("vocoder", estimate=_size)
def load_vocoder(ref: ModelRef) -> HouseVocoder:
    """The house vocoder, or one that `nawgraph train vocoder` made. Raises LookupError, ValueError."""
    made: HouseVocoder = _made(HouseVocoder, ref)
    return made


def _made(what: Any, ref: ModelRef) -> Any:
    path = _path(ref)
    tensors, facts = read(path, ref.kind)
    return own_weights.made(path, lambda: what(tensors, facts))
