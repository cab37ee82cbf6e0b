"""A small picture of a document, and a short piece of its sound, for those who look at a bundle."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from nawgraph.graph import Graph

SIZE = (480, 300)
SECONDS = 20.0
_COLOURS = ("#5b8def", "#e0a84e", "#6cc08b", "#c678dd", "#e06c75", "#56b6c2")


def picture(graph: Graph) -> bytes:
    """The nodes as they lie on the canvas, with their wires: a PNG of 480 × 300."""
    from PIL import Image, ImageDraw

    places = _places(graph)
    image = Image.new("RGB", SIZE, "#1e2127")
    draw = ImageDraw.Draw(image)
    boxes = _boxes(places)
    for id, node in sorted(graph.nodes.items()):
        for source in node.sources:
            if source in boxes:
                a, b = boxes[source], boxes[id]
                draw.line([(a[2], (a[1] + a[3]) / 2), (b[0], (b[1] + b[3]) / 2)], fill="#7f848e", width=2)
    categories = sorted({node.type.partition(".")[0] for node in graph.nodes.values()})
    for id, node in sorted(graph.nodes.items()):
        colour = _COLOURS[categories.index(node.type.partition(".")[0]) % len(_COLOURS)]
        draw.rounded_rectangle(boxes[id], 4, fill=colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _places(graph: Graph) -> dict[str, tuple[float, float]]:
    """Where nodes lie; in a row where the document does not say."""
    ui: Any = graph.ui.get("nodes", {})
    made = {}
    for number, id in enumerate(sorted(graph.nodes)):
        entry = ui.get(id, (number * 200, 0))
        at = entry if isinstance(entry, tuple) else entry.get("at", (number * 200, 0))
        made[id] = (float(at[0]), float(at[1]))
    return made


def _boxes(places: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float, float, float]]:
    if not places:
        return {}
    left, top = min(x for x, _ in places.values()), min(y for _, y in places.values())
    width = max(x for x, _ in places.values()) - left + 180
    height = max(y for _, y in places.values()) - top + 80
    scale = min((SIZE[0] - 40) / width, (SIZE[1] - 40) / height, 1.0)
    return {
        id: (
            20 + (x - left) * scale,
            20 + (y - top) * scale,
            20 + (x - left + 180) * scale,
            20 + (y - top + 80) * scale,
        )
        for id, (x, y) in places.items()
    }


def preview(path: Path) -> bytes:
    """The beginning of a sound file, as Ogg Vorbis. Raises ValueError."""
    from nawgraph.audio import files as sounds
    from nawgraph.audio.encode import encode
    from nawgraph.values import Audio

    sound = sounds.read(path)
    part = sound.samples[:, : round(SECONDS * sound.rate)].copy()
    return encode(Audio(part, sound.rate), "ogg", quality=0.5)
