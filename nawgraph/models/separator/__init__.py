"""Separation: a recording to its stems by masks of a small network."""
