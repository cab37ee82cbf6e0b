"""What wires carry: immutable values with shapes and units, checked once when they are made."""

from nawgraph.values.core import (
    Digest,
    Value,
    digest,
    freeze,
    frozen,
    nbytes,
    type_name,
    value,
    value_types,
)
from nawgraph.values.refs import ClapRef, CodecRef, ModelRef, SeparatorRef, VocoderRef
from nawgraph.values.score import (
    PPQ,
    Chord,
    Grid,
    Key,
    Keyframe,
    Meter,
    Note,
    Part,
    Prompt,
    Score,
    Section,
    Tempo,
)
from nawgraph.values.signal import STEMS, Audio, Curve, Embedding, Latents, Mask, Stems, Tokens

__all__ = [
    "PPQ", "STEMS", "Audio", "Chord", "ClapRef", "CodecRef", "Curve", "Digest", "Embedding", "Grid", "Key",
    "Keyframe", "Latents", "Mask", "Meter", "ModelRef", "Note", "Part", "Prompt", "Score", "Section",
    "SeparatorRef", "Stems", "Tempo", "Tokens", "Value", "VocoderRef", "digest", "freeze", "frozen", "nbytes",
    "type_name", "value", "value_types",
]  # fmt: skip
