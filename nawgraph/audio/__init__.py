"""Pure signal functions: arrays in, arrays out, no state, no files but in `files`.

Sound is a float32 array [channels, frames], full scale ±1, next to a sample rate in Hz. Nothing here changes its
input. Every function refuses NaN and infinity with the place in seconds, and accepts silence, a single frame and
no frame at all.
"""
