"""Instruments: a score goes in, four aligned stems of sound come out."""

from nawgraph.synth.catalogue import INSTRUMENTS, instrument_id
from nawgraph.synth.instrument import Desk, Instrument, Phrase, Tone
from nawgraph.synth.render import TAIL_SECONDS, render, tones_of

__all__ = ["INSTRUMENTS", "TAIL_SECONDS", "Desk", "Instrument", "Phrase", "Tone", "instrument_id", "render", "tones_of"]
