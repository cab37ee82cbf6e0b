"""VST3 and LV2 plugins as nodes. A plugin is foreign machine code: it runs in this pack's process only."""

from typing import Annotated

import nawgraph as ng

Plugin = Annotated[str, ng.Text(limit=1_000)]
Settings = Annotated[str, ng.Text(lines=6)]
State = Annotated[str, ng.Text(lines=2, limit=20_000_000)]
Tail = Annotated[float, ng.Range(0, 60, unit="s")]


@ng.node("vst.effect", version=1, aliases=("vst3", "lv2", "plugin", "insert"))
def effect(
    audio: ng.Audio,
    *,
    plugin: Plugin = "",
    parameters: Settings = "",
    preset: str = "",
    state: State = "",
    tail: Tail = 0.0,
    mix: Annotated[float, ng.Range(0, 1)] = 1.0,
    seed: Annotated[int, ng.Seed()] = 0,
    ctx: ng.Context,
) -> ng.Audio:
    """A sound through an effect, in time with it: what the plugin delays is taken back.

    `plugin` is a name, an LV2 URI or the path of a .vst3; `describe` lists them. `parameters` has a line `name = value`
    for each knob of the plugin that shall not stand at its default. `state` and `preset` come before them. `tail` is
    how long the result goes on after the sound. Of a stereo sound, a plugin with one channel treats both alike; of a
    mono sound, one with two channels makes stereo. `seed` is for plugins that roll dice with the C library, as most do.
    """
    from nawgraph_vst.find import found
    from nawgraph_vst.play import Setting, through

    return through(found(plugin), audio, Setting(parameters, preset, state, seed), tail, mix, ctx)


@ng.node("vst.instrument", version=1, aliases=("vst3", "lv2", "plugin", "synth"))
def instrument(
    score: ng.Score,
    *,
    plugin: Plugin = "",
    part: str = "",
    parameters: Settings = "",
    preset: str = "",
    state: State = "",
    rate: Annotated[int, ng.Range(8_000, 192_000, unit="Hz")] = 44_100,
    tail: Tail = 2.0,
    seed: Annotated[int, ng.Seed()] = 0,
    ctx: ng.Context,
) -> ng.Audio:
    """Notes played by an instrument, as MIDI to the sample.

    `part` names a stem (`bass`) or a part (`bass/line`), several with commas; empty is everything but the drums. Drums
    are sent on channel 10. The result is as long as the score and `tail`.
    """
    from nawgraph_vst.find import found
    from nawgraph_vst.play import Setting, played

    return played(found(plugin), score, part, Setting(parameters, preset, state, seed), rate, tail, ctx)


@ng.node("vst.describe", version=1, pure=False, aliases=("info", "list"))
def describe(*, plugin: Plugin = "") -> str:
    """What a plugin is: knobs with range, unit and default, presets. Without a name, which plugins there are."""
    from nawgraph_vst.find import found, listed
    from nawgraph_vst.play import described

    return described(found(plugin)) if plugin.strip() else "\n".join(listed())


@ng.node("vst.find", version=1, pure=False, aliases=("exact", "version"))
def find(*, plugin: Plugin = "") -> str:
    """The plugin and the hash of its code. Wired to `plugin` of a node, it has that node run again for other code."""
    from nawgraph_vst.find import found

    return found(plugin).exact


@ng.node("vst.state", version=1, aliases=("preset", "chunk"))
def state(
    *,
    plugin: Plugin = "",
    file: Annotated[str, ng.File(("vstpreset",))] = "",
    parameters: Settings = "",
    preset: str = "",
) -> str:
    """A plugin's whole state as text, for `state` of another node: of a .vstpreset, of a preset, of settings."""
    from nawgraph_vst.find import found
    from nawgraph_vst.play import Setting, saved

    return saved(found(plugin), Setting(parameters, preset, ""), file)
