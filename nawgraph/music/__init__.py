"""Composition on paper: theory, form, prompts, scores, MIDI."""
