"""The house beat tracker's network: how likely each moment is a beat, and a bar's first."""
