"""Data, training and evaluation of the acoustic renderer and its vocoder."""
