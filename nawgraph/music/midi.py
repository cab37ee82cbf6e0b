"""Standard MIDI files: `to_midi` writes a score, `from_midi` reads one; each gives back what the other took."""

from nawgraph.music.midi_in import from_midi
from nawgraph.music.midi_out import DRUM_CHANNEL, PROGRAMS, to_midi

__all__ = ["DRUM_CHANNEL", "PROGRAMS", "from_midi", "to_midi"]
