"""Codecs: sound to tokens or latents and back, by published checkpoints in networks of nawgraph's own.

`codec` is what nodes see, `ops` and `tiles` compute, `dac`, `encodec` and `oobleck` know the three published layouts.
"""
