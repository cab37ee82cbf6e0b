"""The parts of lilv, the library that finds and loads LV2 plugins, that are used here; called through ctypes.

lilv (ISC licence) is a package of the system: Debian calls it liblilv-0-0. pedalboard hosts no LV2 on Linux.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import math
import os
from collections.abc import Iterator
from ctypes import POINTER, Structure, c_bool, c_char_p, c_double, c_float, c_uint32, c_void_p
from dataclasses import dataclass
from typing import Any

from nawgraph_vst.settings import Parameter, key

LV2 = "http://lv2plug.in/ns/lv2core#"
EXT = "http://lv2plug.in/ns/ext/"
UNITS = "http://lv2plug.in/ns/extensions/units#"
PRESET = f"{EXT}presets#Preset"
_PATH = "http://drobilla.net/ns/lilv#lv2-path"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_UNIT_SIGNS = {"pc": "%", "db": "dB", "hz": "Hz", "khz": "kHz", "mhz": "MHz", "degree": "°", "semitone12TET": "st"}


class Descriptor(Structure):
    """LV2_Descriptor: the functions of a plugin."""


Descriptor._fields_ = [
    ("uri", c_char_p),
    ("instantiate", c_void_p),
    ("connect_port", ctypes.CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)),
    ("activate", ctypes.CFUNCTYPE(None, c_void_p)),
    ("run", ctypes.CFUNCTYPE(None, c_void_p, c_uint32)),
    ("deactivate", ctypes.CFUNCTYPE(None, c_void_p)),
    ("cleanup", ctypes.CFUNCTYPE(None, c_void_p)),
    ("extension_data", ctypes.CFUNCTYPE(c_void_p, c_char_p)),
]


class Instance(Structure):
    """LilvInstance."""

    _fields_ = (("descriptor", POINTER(Descriptor)), ("handle", c_void_p), ("pimpl", c_void_p))


class Feature(Structure):
    """LV2_Feature: something that the host offers."""

    _fields_ = (("uri", c_char_p), ("data", c_void_p))


GET_VALUE = ctypes.CFUNCTYPE(c_void_p, c_char_p, c_void_p, POINTER(c_uint32), POINTER(c_uint32))
SET_VALUE = ctypes.CFUNCTYPE(None, c_char_p, c_void_p, c_void_p, c_uint32, c_uint32)

_P, _S = c_void_p, c_char_p
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "world_new": (_P, ()),
    "world_set_option": (None, (_P, _S, _P)),
    "world_load_all": (None, (_P,)),
    "world_load_resource": (ctypes.c_int, (_P, _P)),
    "world_get": (_P, (_P, _P, _P, _P)),
    "world_get_all_plugins": (_P, (_P,)),
    "plugins_begin": (_P, (_P,)),
    "plugins_get": (_P, (_P, _P)),
    "plugins_next": (_P, (_P, _P)),
    "plugins_is_end": (c_bool, (_P, _P)),
    "nodes_begin": (_P, (_P,)),
    "nodes_get": (_P, (_P, _P)),
    "nodes_next": (_P, (_P, _P)),
    "nodes_is_end": (c_bool, (_P, _P)),
    "nodes_free": (None, (_P,)),
    "new_uri": (_P, (_P, _S)),
    "new_string": (_P, (_P, _S)),
    "node_as_uri": (_S, (_P,)),
    "node_as_string": (_S, (_P,)),
    "node_as_float": (c_float, (_P,)),
    "node_free": (None, (_P,)),
    "node_get_path": (_P, (_P, _P)),
    "free": (None, (_P,)),
    "plugin_get_uri": (_P, (_P,)),
    "plugin_get_name": (_P, (_P,)),
    "plugin_get_library_uri": (_P, (_P,)),
    "plugin_get_num_ports": (c_uint32, (_P,)),
    "plugin_get_port_by_index": (_P, (_P, c_uint32)),
    "plugin_get_required_features": (_P, (_P,)),
    "plugin_get_related": (_P, (_P, _P)),
    "plugin_instantiate": (POINTER(Instance), (_P, c_double, _P)),
    "instance_free": (None, (POINTER(Instance),)),
    "port_get": (_P, (_P, _P, _P)),
    "port_get_name": (_P, (_P, _P)),
    "port_get_symbol": (_P, (_P, _P)),
    "port_get_range": (None, (_P, _P, POINTER(_P), POINTER(_P), POINTER(_P))),
    "port_get_scale_points": (_P, (_P, _P)),
    "port_has_property": (c_bool, (_P, _P, _P)),
    "port_is_a": (c_bool, (_P, _P, _P)),
    "scale_points_begin": (_P, (_P,)),
    "scale_points_get": (_P, (_P, _P)),
    "scale_points_next": (_P, (_P, _P)),
    "scale_points_is_end": (c_bool, (_P, _P)),
    "scale_points_free": (None, (_P,)),
    "scale_point_get_label": (_P, (_P,)),
    "scale_point_get_value": (_P, (_P,)),
    "state_new_from_world": (_P, (_P, _P, _P)),
    "state_new_from_string": (_P, (_P, _P, _S)),
    "state_new_from_instance": (
        _P,
        (_P, POINTER(Instance), _P, _S, _S, _S, _S, GET_VALUE, _P, c_uint32, _P),
    ),
    "state_to_string": (_P, (_P, _P, _P, _P, _S, _S)),
    "state_get_plugin_uri": (_P, (_P,)),
    "state_restore": (None, (_P, POINTER(Instance), SET_VALUE, _P, c_uint32, _P)),
    "state_free": (None, (_P,)),
}


@dataclass(frozen=True, slots=True)
class Port:
    """A port: ``audio``, ``control``, ``atom``, ``cv`` or ``other``; `parameter` says what a control in is."""

    index: int
    kind: str
    input: bool
    optional: bool
    latency: bool
    parameter: Parameter | None


class World:
    """Everything that lilv knows of the plugins in some folders.

    Args:
        library: of lilv.
        folders: where bundles lie.
    """

    def __init__(self, library: ctypes.CDLL, folders: list[str]) -> None:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, f"lilv_{name}")
            function.restype, function.argtypes = result, arguments
        self.call = library
        self._uris: dict[str, int] = {}
        self.pointer: int = library.lilv_world_new()
        path = library.lilv_new_string(self.pointer, os.pathsep.join(folders).encode())
        library.lilv_world_set_option(self.pointer, _PATH.encode(), path)
        library.lilv_node_free(path)
        library.lilv_world_load_all(self.pointer)

    def uri(self, text: str) -> int:
        """A node of lilv that names something; kept for good."""
        if text not in self._uris:
            self._uris[text] = self.call.lilv_new_uri(self.pointer, text.encode())
        return self._uris[text]

    def plugins(self) -> list[Plugin]:
        """All plugins, by name."""
        found = self.call.lilv_world_get_all_plugins(self.pointer)
        made = [Plugin(self, p) for p in self._each("plugins", found)]
        return sorted((p for p in made if p.library), key=lambda p: (p.name.lower(), p.uri))

    def text(self, node: int | None, *, owned: bool = True) -> str:
        """A node as text, "" for none; freed if it is ours."""
        if not node:
            return ""
        found: bytes = self.call.lilv_node_as_string(node)
        if owned:
            self.call.lilv_node_free(node)
        return found.decode(errors="replace")

    def number(self, node: int | None, otherwise: float) -> float:
        """A node as a number; freed."""
        if not node:
            return otherwise
        made = float(self.call.lilv_node_as_float(node))
        self.call.lilv_node_free(node)
        return made if math.isfinite(made) else otherwise

    def nodes(self, found: int | None) -> list[str]:
        """A collection as texts; freed."""
        made = [self.text(node, owned=False) for node in self._each("nodes", found)] if found else []
        if found:
            self.call.lilv_nodes_free(found)
        return made

    def _each(self, what: str, found: int) -> Iterator[int]:
        """The items of a collection of lilv's."""
        begin, get, next_, is_end = (
            getattr(self.call, f"lilv_{what}_{name}") for name in ("begin", "get", "next", "is_end")
        )
        place = begin(found)
        while not is_end(found, place):
            yield get(found, place)
            place = next_(found, place)

    def label(self, subject: str) -> str:
        """What something is called, after its description was loaded."""
        self.call.lilv_world_load_resource(self.pointer, self.uri(subject))
        return self.text(self.call.lilv_world_get(self.pointer, self.uri(subject), self.uri(_LABEL), None))

    def choices(self, plugin: int, port: int) -> tuple[tuple[str, float], ...]:
        """The named values of a port, by value."""
        found = self.call.lilv_port_get_scale_points(plugin, port)
        if not found:
            return ()
        made = []
        for point in self._each("scale_points", found):
            label = self.text(self.call.lilv_scale_point_get_label(point), owned=False)
            made.append((label, float(self.call.lilv_node_as_float(self.call.lilv_scale_point_get_value(point)))))
        self.call.lilv_scale_points_free(found)
        return tuple(sorted(made, key=lambda choice: choice[1]))


class Plugin:
    """A plugin as its description says, its code not loaded."""

    def __init__(self, world: World, pointer: int) -> None:
        self.world, self.pointer = world, pointer
        call = world.call
        self.uri = world.text(call.lilv_plugin_get_uri(pointer), owned=False)
        self.name = world.text(call.lilv_plugin_get_name(pointer))
        path = call.lilv_node_get_path(call.lilv_plugin_get_library_uri(pointer) or world.uri("urn:none"), None)
        self.library = ctypes.string_at(path).decode() if path else ""
        call.lilv_free(path)

    def requires(self) -> list[str]:
        """URIs of features without which it does not work."""
        return self.world.nodes(self.world.call.lilv_plugin_get_required_features(self.pointer))

    def presets(self) -> dict[str, str]:
        """Label → URI of the presets that are installed."""
        found = self.world.nodes(self.world.call.lilv_plugin_get_related(self.pointer, self.world.uri(PRESET)))
        return {self.world.label(uri) or uri: uri for uri in sorted(found)}

    def ports(self, rate: float) -> list[Port]:
        """Its ports in order; ranges that are in terms of the sample rate are in Hz."""
        count = self.world.call.lilv_plugin_get_num_ports(self.pointer)
        return [self._port(index, rate) for index in range(count)]

    def _port(self, index: int, rate: float) -> Port:
        call, world = self.world.call, self.world
        port = call.lilv_plugin_get_port_by_index(self.pointer, index)

        def is_a(what: str) -> bool:
            return bool(call.lilv_port_is_a(self.pointer, port, world.uri(what)))

        def has(what: str) -> bool:
            return bool(call.lilv_port_has_property(self.pointer, port, world.uri(what)))

        kinds = {"audio": f"{LV2}AudioPort", "control": f"{LV2}ControlPort", "cv": f"{LV2}CVPort"}
        kind = next((k for k, uri in {**kinds, "atom": f"{EXT}atom#AtomPort"}.items() if is_a(uri)), "other")
        input = is_a(f"{LV2}InputPort")
        made = self._parameter(port, rate if has(f"{LV2}sampleRate") else 1.0, has) if kind == "control" else None
        return Port(index, kind, input, has(f"{LV2}connectionOptional"), has(f"{LV2}reportsLatency"), made)

    def _parameter(self, port: int, scale: float, has: Any) -> Parameter:
        call, world = self.world.call, self.world
        default, low, high = c_void_p(), c_void_p(), c_void_p()
        call.lilv_port_get_range(self.pointer, port, ctypes.byref(default), ctypes.byref(low), ctypes.byref(high))
        least = world.number(low.value, 0.0) * scale
        most = world.number(high.value, 1.0) * scale
        start = world.number(default.value, least / scale) * scale
        unit = world.text(call.lilv_port_get(self.pointer, port, world.uri(f"{UNITS}unit")))
        unit = unit.removeprefix(UNITS) if unit.startswith(UNITS) else ""
        symbol = world.text(call.lilv_port_get_symbol(self.pointer, port), owned=False)
        name = world.text(call.lilv_port_get_name(self.pointer, port))
        choices = world.choices(self.pointer, port)
        if has(f"{LV2}toggled"):
            choices = choices or (("off", 0.0), ("on", 1.0))
        unit = _UNIT_SIGNS.get(unit, unit)
        return Parameter(key(symbol), name, least, most, min(max(start, least), most), unit, choices)


@functools.cache
def world() -> World | None:
    """The plugins of this machine, or None where lilv is not installed."""
    from nawgraph_vst.find import folders

    for name in ("liblilv-0.so.0", "liblilv-0.so"):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        return World(library, [str(folder) for folder in folders("lv2")])
    return None


def plugin(uri: str) -> Plugin:
    """The plugin of a URI that was found before."""
    there = world()
    assert there is not None
    return next(p for p in there.plugins() if p.uri == uri)
