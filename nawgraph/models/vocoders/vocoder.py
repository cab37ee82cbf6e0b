"""What nodes see of a published vocoder: sounds to mel spectrograms and back, in pieces of bounded memory."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from nawgraph.models.codecs.codec import Convolutional
from nawgraph.models.codecs.ops import lengths
from nawgraph.models.vocoders.mel import Recipe, spectrogram


class Vocoder(Convolutional):
    """A vocoder of mel spectrograms, each channel by itself. Any number of threads may use one.

    Its `latents` are the spectrogram, its `space` is that of the spectrogram's recipe, and `from_latents` sings it.
    """

    @property
    def recipe(self) -> Recipe:
        """Of the spectrogram."""
        found: Recipe = self.shape.recipe
        return found

    def _latents(self, x: Tensor, progress: Callable[[int, int, str], None]) -> Tensor:
        return spectrogram(x[:, 0].to(self.device), self.recipe, lambda done, total: progress(done, total, "hear"))

    def _sounded(self, x: Tensor, progress: Callable[[int, int, str], None]) -> Tensor:
        layers = [op for stage in self.network.decoder for op in stage]
        if lengths(layers, x.shape[2])[-1] < 1:
            raise ValueError(f"{x.shape[2]} frames are too few for {self.name} to make a sound of")
        return super()._sounded(x, progress)

    def _own(self, space: str, what: str) -> None:
        if space != self.space:
            raise ValueError(
                f"this spectrogram is of {space}, and {self.name} reads {self.space}: make it by vocoder.mel with the "
                "same vocoder"
            )
