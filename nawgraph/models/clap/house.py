"""The house CLAP as nodes see it: words and sounds to embeddings of one space."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph.models import own_weights
from nawgraph.values import Audio, Embedding, ModelRef, Prompt, digest

F32 = npt.NDArray[np.float32]

HOUSE = "house"
WEIGHTS = Path(__file__).parents[1] / "weights" / "clap.safetensors"
REVISION = "2"
"""Of the weights that come with nawgraph; raised with them, and with it the version of the nodes that use them."""

TOGETHER = 8
"""Windows that are encoded at once."""


def unit(vector: npt.ArrayLike) -> F32:
    """A vector brought to length 1.

    Raises:
        ValueError: it has no length, since its parts cancel out.
    """
    wide = np.asarray(vector, np.float64)
    length = float(np.linalg.norm(wide))
    if not length > 1e-6:
        raise ValueError("the vectors cancel each other out: change the weights")
    return np.asarray(wide / length, np.float32)


class HouseClap:
    """Embeds texts and sounds. Any number of threads may use one."""

    def __init__(self, tensors: Mapping[str, Any], facts: Mapping[str, Any], name: str = HOUSE) -> None:
        import torch

        from nawgraph.models.clap.network import Clap, shape_of

        self.name = name
        self.space = str(facts["space"])
        self.network = Clap(shape_of(facts["shape"]))
        self.network.load_state_dict({k: torch.from_numpy(np.array(v, np.float32)) for k, v in tensors.items()})
        self.network.eval()

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(p.numel() * p.element_size() for p in self.network.parameters())

    def to(self, device: str) -> None:
        """Move the network to a device."""
        self.network.to(device)

    def texts(self, texts: Sequence[str]) -> F32:
        """Unit vectors float32 [texts, dimension]. A text without words gets the vector of saying nothing."""
        import torch

        from nawgraph.models.clap.reading import bound, read

        with torch.no_grad():
            found = [self.network.text(bound([read(text)]))[0].float().cpu().numpy() for text in texts]
        return np.stack(found)

    def prompt(self, prompt: Prompt) -> Embedding:
        """The embedding of a prompt; several keyframes are blended by their weights.

        Raises:
            ValueError: all keyframes have the weight 0.
        """
        weights = np.array([k.weight for k in prompt.keyframes])
        if not weights.sum() > 0:
            raise ValueError("every keyframe of the prompt has the weight 0: give one of them more")
        return Embedding(unit(weights @ self.texts([k.text for k in prompt.keyframes])), self.space)

    def audio(self, audio: Audio, steps: Callable[[int, str], Iterable[int]] | None = None) -> Embedding:
        """The embedding of a sound: the mean of its windows of 10 s.

        Args:
            audio: any rate and number of channels.
            steps: iterates over a number of steps with a label, showing progress.

        Raises:
            ValueError: it is silent, shorter than half a second, or holds a number that is not finite.
        """
        import torch

        from nawgraph.models.clap.hearing import mono, window, windows

        samples = mono(audio)
        starts = windows(len(samples))
        total = np.zeros(self.network.shape.dimension)
        groups = [starts[i : i + TOGETHER] for i in range(0, len(starts), TOGETHER)]
        device = self.network.text.table.device
        for index in steps(len(groups), "listen") if steps else range(len(groups)):
            heard = [window(samples, start) for start in groups[index]]
            bands, pitches = (torch.from_numpy(np.stack(part)).to(device) for part in zip(*heard, strict=True))
            with torch.no_grad():
                total += self.network.sound(bands, pitches).double().sum(dim=0).cpu().numpy()
        return Embedding(unit(total), self.space)

    def completed(self, prompt: Prompt | None, embedding: Embedding) -> Prompt:
        """A prompt that says, of what it leaves open, what an embedding is nearest to.

        Raises:
            ValueError: the embedding is of another space.
        """
        from nawgraph.models.clap.describing import completed, heard

        return completed(prompt, heard(self, embedding))


def save(path: Path, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> int:
    """Write weights in fp16, whole or not at all; bytes of the file. The space is named by their digest."""
    arrays = {name: np.ascontiguousarray(tensor, np.float16) for name, tensor in tensors.items()}
    print_ = digest(tuple(np.float32(a).tobytes().hex() for _, a in sorted(arrays.items()))).hex()[:12]
    told = {"kind": "clap", "space": f"house-clap/{print_}", "licence": "MIT", **facts}
    return own_weights.write(path, arrays, {"clap": json.dumps(told)})


def read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and facts of a file of weights. Raises LookupError, ValueError, as `own_weights.read` does."""
    return own_weights.read(path, "clap", called="CLAP")


def path_of(ref: ModelRef) -> Path:
    """The file of a reference: the house's own, or the path that it names."""
    return WEIGHTS if ref.name == HOUSE else Path(ref.name)


def load(ref: ModelRef) -> HouseClap:
    """The house CLAP, or one that `nawgraph train clap` made. Raises LookupError, ValueError."""
    path = path_of(ref)
    tensors, facts = read(path)
    return own_weights.made(path, lambda: HouseClap(tensors, facts, ref.name if ref.name == HOUSE else path.name))
