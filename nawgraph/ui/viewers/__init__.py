"""Values as small arrays that a drawing layer can draw; no toolkit here."""

from nawgraph.ui.viewers.curves import lines, matrix
from nawgraph.ui.viewers.pictures import Image, Label, Lane, Lines, Path, Picture, Roll, Row, Size, Waveform, Words
from nawgraph.ui.viewers.pyramid import Pyramid, View
from nawgraph.ui.viewers.roll import roll
from nawgraph.ui.viewers.spectrum import spectrogram
from nawgraph.ui.viewers.summary import lines_of, summary
from nawgraph.ui.viewers.view import kinds, mixed, picture, waveform_of

__all__ = [
    "Image", "Label", "Lane", "Lines", "Path", "Picture", "Pyramid", "Roll", "Row", "Size", "View", "Waveform",
    "Words", "kinds", "lines", "lines_of", "matrix", "mixed", "picture", "roll", "spectrogram", "summary",
    "waveform_of",
]  # fmt: skip
