"""Which plugins there are, and which one a name means. Nothing of a plugin is loaded here."""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
_EXACT = " sha256:"
NONE = (
    "no plugin is installed where this pack looks: VST3 in /usr/lib/vst3, LV2 in /usr/lib/lv2 (with the library lilv), "
    "both in ~ if the pack was granted read; of Debian, mda-lv2 and zam-plugins have some, and liblilv-0-0 is lilv"
)
"""What is said where there is nothing at all."""


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that is there.

    Attributes:
        kind: ``vst3`` or ``lv2``.
        place: path of the bundle, or URI.
        name: for people; of several plugins in one bundle, the one that is meant, else "".
        code: the file with its machine code.
    """

    kind: str
    place: str
    name: str
    code: str

    @property
    def exact(self) -> str:
        """The name that means this code and no other."""
        return f"{self.place}{f'/{self.name}' * bool(self.kind == 'vst3' and self.name)}{_EXACT}{_hash(self.code)}"


def folders(kind: str) -> list[Path]:
    """Where plugins of a kind lie: the system's folders, and those of the user that this pack was granted."""
    granted = [Path(p) for p in os.environ.get("NAWGRAPH_PACK_READ", "").split(os.pathsep) if p]
    own = [p for p in granted if p.name == f".{kind}"]
    return [p for p in (*own, *(Path(s) / kind for s in SYSTEM)) if p.is_dir()]


def found(text: str) -> Found:
    """The plugin that a text means.

    Raises:
        ValueError: empty, none of that name, or another code than the text says.
    """
    wanted, _, code = text.strip().partition(_EXACT)
    if not wanted:
        raise ValueError("plugin names none: give a name, an LV2 URI or the path of a .vst3 (vst.describe lists them)")
    plugin = _vst3(wanted) or _lv2(wanted)
    if plugin is None and not bundles() and not _lv2_plugins():
        raise ValueError(f"plugin: {NONE}")
    if plugin is None:
        places = ", ".join(str(p) for kind in ("vst3", "lv2") for p in folders(kind)) or "no folder"
        raise ValueError(
            f"plugin: there is no {wanted!r}; looked into {places} (your own folders only if the pack was granted read)"
        )
    if code and code != _hash(plugin.code):
        raise ValueError(f"plugin: {wanted} is installed in another version than the one that is asked for ({code})")
    return plugin


def listed() -> list[str]:
    """All plugins that are there, a line each; a sentence if there is none."""
    there = [f"vst3  {p.stem}  {p}" for p in bundles()] + [f"lv2   {p.name}  {p.place}" for p in _lv2_plugins()]
    return there or [NONE]


@functools.cache
def bundles() -> tuple[Path, ...]:
    """VST3 bundles, sorted."""
    return tuple(sorted(p for folder in folders("vst3") for p in folder.rglob("*.vst3") if _code(p)))


def _vst3(wanted: str) -> Found | None:
    """A bundle by path or name, with the name of one of its plugins after a slash where it has several."""
    for path in bundles():
        for name in (str(path), path.name, path.stem):
            if wanted.lower() == name.lower():
                return Found("vst3", str(path), "", str(_code(path)))
            if wanted.lower().startswith(f"{name.lower()}/"):
                return Found("vst3", str(path), wanted[len(name) + 1 :], str(_code(path)))
    return None


def _code(bundle: Path) -> Path | None:
    """The shared library in a bundle for this kind of machine."""
    import platform

    inside = bundle / "Contents" / f"{platform.machine()}-linux" / f"{bundle.stem}.so"
    return inside if inside.is_file() else None


def _lv2(wanted: str) -> Found | None:
    return next((p for p in _lv2_plugins() if wanted == p.place or wanted.lower() == p.name.lower()), None)


@functools.cache
def _lv2_plugins() -> tuple[Found, ...]:
    from nawgraph_vst import lilv

    world = lilv.world()
    return tuple(Found("lv2", p.uri, p.name, p.library) for p in world.plugins()) if world else ()


@functools.cache
def _hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
