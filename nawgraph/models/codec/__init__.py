"""The house codec: log-spectra in residual codebooks, and a network that makes sound of them.

A frame of codes is two frames of spectra in bands, brought to few numbers by principal components and rounded by
residual vector quantisation. The decoder is a network that fills in the magnitudes between the bands; phases are made
by heap integration, so that the sound is like the original and not its waveform.
"""
