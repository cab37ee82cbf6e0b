"""An LV2 plugin at work: buffers for its ports, what it asks of a host, blocks of sound and MIDI through it.

By the specification at lv2plug.in: core, atom, midi, urid, options, buf-size, worker, state.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from ctypes import CFUNCTYPE, Structure, c_char_p, c_float, c_int, c_int32, c_uint32, c_void_p
from typing import Any

import numpy as np
import numpy.typing as npt

from nawgraph_vst import lilv
from nawgraph_vst.lilv import EXT, Feature, Port
from nawgraph_vst.midi import Event
from nawgraph_vst.settings import Parameter

Float = npt.NDArray[np.float32]

BLOCK = 1024
"""Frames that a plugin is given at once."""

_ATOMS = 1 << 16
"""Bytes of a buffer for messages."""

_MAP, _UNMAP, _OPTIONS, _SCHEDULE = (
    f"{EXT}urid#map",
    f"{EXT}urid#unmap",
    f"{EXT}options#options",
    f"{EXT}worker#schedule",
)
_BOUNDED, _FIXED = f"{EXT}buf-size#boundedBlockLength", f"{EXT}buf-size#fixedBlockLength"
_COARSE, _POWER = f"{EXT}buf-size#coarseBlockLength", f"{EXT}buf-size#powerOf2BlockLength"
_RESTORE, _DEFAULT = f"{EXT}state#threadSafeRestore", f"{EXT}state#loadDefaultState"
_OFFERED = {_MAP, _UNMAP, _OPTIONS, _SCHEDULE, _BOUNDED, _FIXED, _COARSE, _POWER, _RESTORE, _DEFAULT} | {
    f"{lilv.LV2}{name}" for name in ("isLive", "inPlaceBroken", "hardRTCapable")
}

_MAP_FUNCTION = CFUNCTYPE(c_uint32, c_void_p, c_char_p)
_UNMAP_FUNCTION = CFUNCTYPE(c_void_p, c_void_p, c_uint32)
_RESPOND = CFUNCTYPE(c_int, c_void_p, c_uint32, c_void_p)
_WORK = CFUNCTYPE(c_int, c_void_p, _RESPOND, c_void_p, c_uint32, c_void_p)
_WORK_RESPONSE = CFUNCTYPE(c_int, c_void_p, c_uint32, c_void_p)


class _Pair(Structure):
    """A handle and a function: LV2_URID_Map, LV2_URID_Unmap, LV2_Worker_Schedule."""

    _fields_ = (("handle", c_void_p), ("function", c_void_p))


class _Option(Structure):
    """LV2_Options_Option."""

    _fields_ = (
        ("context", c_int),
        ("subject", c_uint32),
        ("key", c_uint32),
        ("size", c_uint32),
        ("type", c_uint32),
        ("value", c_void_p),
    )


class _Worker(Structure):
    """LV2_Worker_Interface."""

    _fields_ = (("work", _WORK), ("work_response", _WORK_RESPONSE), ("end_run", CFUNCTYPE(c_int, c_void_p)))


class _Numbers:
    """URIs as numbers, as plugins compare them."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._texts: list[Any] = []

    def __call__(self, uri: str | bytes) -> int:
        uri = uri.encode() if isinstance(uri, str) else uri
        if uri not in self._numbers:
            self._texts.append(ctypes.create_string_buffer(uri))
            self._numbers[uri] = len(self._texts)
        return self._numbers[uri]

    def text(self, number: int) -> int:
        """Address of a URI's text, 0 for none."""
        return ctypes.addressof(self._texts[number - 1]) if 0 < number <= len(self._texts) else 0


class Lv2:
    """One instance, freshly made.

    Attributes:
        inputs, outputs: channels of sound.
        parameters: by key.
        latency: frames that it says it delays, known after the first block.

    Raises:
        ValueError: it wants of a host what is not offered here, or does not start.
    """

    def __init__(self, uri: str, rate: int) -> None:
        self._plugin = lilv.plugin(uri)
        self._rate = rate
        missing = [f for f in self._plugin.requires() if f not in _OFFERED]
        if missing:
            raise ValueError(f"plugin: {self._plugin.name} wants {missing[0]} of its host, which is not offered here")
        self._numbers = _Numbers()
        self._kept: list[Any] = []
        self._work: list[bytes] = []
        self._instance = self._made()
        self._descriptor = self._instance.contents.descriptor.contents
        self._handle = self._instance.contents.handle
        self._worker = self._interface()
        ports = self._plugin.ports(rate)
        self._connect(ports)
        self._activated = False

    @property
    def presets(self) -> dict[str, str]:
        """Label → URI."""
        return self._plugin.presets()

    @property
    def takes_notes(self) -> bool:
        return self._events is not None

    # --------------------------------------------------------------------------------- making it

    def _made(self) -> Any:
        call = self._plugin.world.call
        self._features = self._offered()
        made = call.lilv_plugin_instantiate(self._plugin.pointer, float(self._rate), ctypes.byref(self._features))
        if not made:
            raise ValueError(f"plugin: {self._plugin.name} does not start")
        return made

    def _offered(self) -> Any:
        """What a host offers, as the array of pointers that plugins get."""
        self._map = self._function(_MAP_FUNCTION, lambda _, uri: self._numbers(uri))
        self._unmap = self._function(_UNMAP_FUNCTION, lambda _, number: self._numbers.text(number))
        self._schedule = self._function(_RESPOND, lambda _, size, data: self._scheduled(size, data))
        self._settings = self._options()
        offered: list[tuple[str, Any]] = [
            (_MAP, self._map),
            (_UNMAP, self._unmap),
            (_SCHEDULE, self._schedule),
            (_OPTIONS, self._settings),
            *((uri, None) for uri in (_BOUNDED, _FIXED, _COARSE, _POWER, _RESTORE, _DEFAULT)),
        ]
        features = [Feature(uri.encode(), None if data is None else ctypes.addressof(data)) for uri, data in offered]
        self._kept += features
        return (c_void_p * (len(features) + 1))(*(ctypes.addressof(f) for f in features), None)

    def _function(self, kind: Any, function: Any) -> _Pair:
        made = kind(function)
        self._kept.append(made)
        return _Pair(None, ctypes.cast(made, c_void_p).value)

    def _options(self) -> Any:
        rate, block, sequence = c_float(self._rate), c_int32(BLOCK), c_int32(_ATOMS)
        self._kept += [rate, block, sequence]
        buffers = f"{EXT}buf-size#"
        rows = [
            (f"{EXT}parameters#sampleRate", rate, "Float"),
            (f"{buffers}minBlockLength", block, "Int"),
            (f"{buffers}maxBlockLength", block, "Int"),
            (f"{buffers}nominalBlockLength", block, "Int"),
            (f"{buffers}sequenceSize", sequence, "Int"),
        ]
        made = [
            _Option(0, 0, self._numbers(uri), 4, self._numbers(f"{EXT}atom#{kind}"), ctypes.addressof(value))
            for uri, value, kind in rows
        ]
        return (_Option * (len(made) + 1))(*made)

    def _interface(self) -> _Worker | None:
        """What the plugin has for work that it must not do while it makes sound."""
        if not self._descriptor.extension_data:
            return None
        found = self._descriptor.extension_data(f"{EXT}worker#interface".encode())
        return _Worker.from_address(found) if found else None

    def _scheduled(self, size: int, data: int | None) -> int:
        """Work for later: done at the end of the block, in this thread, so that a result never depends on time."""
        self._work.append(ctypes.string_at(data, size) if data else b"")
        return 0

    def _do_work(self) -> None:
        responses: list[bytes] = []

        def respond(_: Any, size: int, data: int | None) -> int:
            responses.append(ctypes.string_at(data, size) if data else b"")
            return 0

        answer = _RESPOND(respond)
        while self._work and self._worker:
            job = ctypes.create_string_buffer(self._work.pop(0))
            self._worker.work(self._handle, answer, None, len(job) - 1, ctypes.addressof(job))
        if self._worker is None:
            return
        for body in responses if self._worker.work_response else ():
            text = ctypes.create_string_buffer(body)
            self._worker.work_response(self._handle, len(body), ctypes.addressof(text))
        if self._worker.end_run:
            self._worker.end_run(self._handle)

    # ------------------------------------------------------------------------------------ ports

    def _connect(self, ports: Sequence[Port]) -> None:
        self._controls: dict[str, c_float] = {}
        self.parameters: dict[str, Parameter] = {}
        self._in: list[Float] = []
        self._out: list[Float] = []
        self._messages: list[tuple[Port, Any]] = []
        self._delay: c_float | None = None
        self._events: Any = None
        for port in ports:
            self._descriptor.connect_port(self._handle, port.index, self._buffer(port))
        self.inputs, self.outputs = len(self._in), len(self._out)

    def _buffer(self, port: Port) -> int | None:
        """The address of memory for a port."""
        if port.kind in ("audio", "cv"):
            made = np.zeros(BLOCK, np.float32)
            self._kept.append(made)
            if port.kind == "audio":
                (self._in if port.input else self._out).append(made)
            return int(made.ctypes.data)
        if port.kind == "control" and port.parameter is not None:
            number = c_float(port.parameter.default)
            self._kept.append(number)
            if port.input:
                self._controls[port.parameter.key] = number
                self.parameters[port.parameter.key] = port.parameter
            elif port.latency:
                self._delay = number
            return ctypes.addressof(number)
        if port.kind == "atom":
            buffer = ctypes.create_string_buffer(_ATOMS)
            self._messages.append((port, buffer))
            if port.input and self._events is None:
                self._events = buffer
            return ctypes.addressof(buffer)
        if port.optional:
            return None
        raise ValueError(f"plugin: {self._plugin.name} has a port of a kind that is not known here")

    @property
    def latency(self) -> int:
        return max(0, round(self._delay.value)) if self._delay is not None else 0

    def set(self, name: str, value: float) -> None:
        self._controls[name].value = value

    # ---------------------------------------------------------------------------------- running

    def run(self, sound: Float | None, frames: int, events: Sequence[Event]) -> Float:
        """A block: [inputs, frames] or None for silence, and messages of this block → [outputs, frames].

        A new array; at most `BLOCK` frames.
        """
        if not self._activated:
            self._activated = True
            if self._descriptor.activate:
                self._descriptor.activate(self._handle)
        for number, buffer in enumerate(self._in):
            buffer[:frames] = 0.0 if sound is None else sound[number]
        for port, memory in self._messages:
            self._write(memory, port, events if memory is self._events else ())
        self._descriptor.run(self._handle, frames)
        self._do_work()
        return np.stack([buffer[:frames] for buffer in self._out]) if self._out else np.zeros((0, frames), np.float32)

    def _write(self, memory: Any, port: Port, events: Sequence[Event]) -> None:
        """A sequence of MIDI messages into a port, or room for what comes out of it."""
        if not port.input:
            struct.pack_into("=II", memory, 0, _ATOMS - 8, self._numbers(f"{EXT}atom#Chunk"))
            return
        kind, body = self._numbers(f"{EXT}midi#MidiEvent"), b""
        for frame, message in events:
            padded = message + b"\0" * (-len(message) % 8)
            body += struct.pack("=qII", frame, len(message), kind) + padded
        if len(body) + 16 > _ATOMS:
            raise ValueError(f"there are {len(events)} MIDI messages at nearly one moment, too many for a plugin")
        struct.pack_into("=IIII", memory, 0, 8 + len(body), self._numbers(f"{EXT}atom#Sequence"), 0, 0)
        memory[16 : 16 + len(body)] = body

    # ------------------------------------------------------------------------------------ state

    def preset(self, name: str) -> None:
        """Set everything as an installed preset says. Raises `ValueError` for one that is not there."""
        there = self.presets
        uri = there.get(name, name)
        if uri not in there.values():
            has = ", ".join(list(there)[:12]) or "none"
            raise ValueError(f"preset: {self._plugin.name} has no {name!r}; it has {has}")
        world = self._plugin.world
        self._restore(world.call.lilv_state_new_from_world(world.pointer, ctypes.byref(self._map), world.uri(uri)))

    def restore(self, state: bytes) -> None:
        """Set everything as `state` once was. Raises `ValueError` for what is none of this plugin."""
        world = self._plugin.world
        self._restore(world.call.lilv_state_new_from_string(world.pointer, ctypes.byref(self._map), state))

    def _restore(self, state: int | None) -> None:
        call, world = self._plugin.world.call, self._plugin.world
        whose = world.text(call.lilv_state_get_plugin_uri(state), owned=False) if state else ""
        if not state or whose != self._plugin.uri:
            raise ValueError(f"state: it is not one of {self._plugin.name}{f', but of {whose}' if whose else ''}")

        @lilv.SET_VALUE
        def put(symbol: bytes, _: Any, value: int, size: int, kind: int) -> None:
            if kind == self._numbers(f"{EXT}atom#Float") and symbol.decode() in self._controls:
                self._controls[symbol.decode()].value = c_float.from_address(value).value

        call.lilv_state_restore(state, self._instance, put, None, 0, ctypes.byref(self._features))
        call.lilv_state_free(state)

    def state(self) -> bytes:
        """Everything that makes its sound, as text in Turtle."""
        call, world = self._plugin.world.call, self._plugin.world
        numbers = {name: c_float(value.value) for name, value in self._controls.items()}

        @lilv.GET_VALUE
        def value(symbol: bytes, _: Any, size: Any, kind: Any) -> int | None:
            found = numbers.get(symbol.decode())
            size[0], kind[0] = (4, self._numbers(f"{EXT}atom#Float")) if found is not None else (0, 0)
            return ctypes.addressof(found) if found is not None else None

        made = call.lilv_state_new_from_instance(
            self._plugin.pointer, self._instance, ctypes.byref(self._map), None, None, None, None,
            value, None, 0, ctypes.byref(self._features),
        )  # fmt: skip
        text = call.lilv_state_to_string(
            world.pointer, ctypes.byref(self._map), ctypes.byref(self._unmap), made, b"urn:nawgraph:state", None
        )
        call.lilv_state_free(made)
        if not text:
            raise ValueError(f"state: {self._plugin.name} does not say what its state is")
        found = ctypes.string_at(text)
        call.lilv_free(text)
        return found

    def close(self) -> None:
        """End the plugin."""
        if self._activated and self._descriptor.deactivate:
            self._descriptor.deactivate(self._handle)
        self._plugin.world.call.lilv_instance_free(self._instance)
