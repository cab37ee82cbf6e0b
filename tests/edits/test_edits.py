import pytest
from immutables import Map
from kit import LIBRARY, chain, check_sound, wrong

from nawgraph.edits import (
    AddNode,
    ApplyPreset,
    Batch,
    Connect,
    Disconnect,
    Duplicate,
    Edit,
    EditError,
    Group,
    Insert,
    MakeUnique,
    Move,
    Paste,
    Promote,
    Remove,
    Rename,
    ReplaceType,
    ResetKnob,
    SetKnob,
    SetMode,
    SetUi,
    StorePreset,
    Unexpose,
    Ungroup,
)
from nawgraph.files import copy, dumps, loads
from nawgraph.graph import Graph, Node, Subgraph


def after(*edits: Edit, graph: Graph | None = None) -> Graph:
    graph = chain() if graph is None else graph
    for edit in edits:
        graph = edit.apply(graph, LIBRARY)
        check_sound(graph)
        assert not wrong(graph), wrong(graph)
    return graph


def test_ids_of_new_nodes_count_up() -> None:
    graph = after(AddNode("test.gain"), AddNode("test.gain", at=(10.4, 20.6)), AddNode("test.gain", id="boost"))
    assert {"gain", "gain_2", "gain_3", "boost"} <= set(graph.nodes)
    assert graph.nodes["gain_2"].version == 2
    assert graph.ui["nodes"]["gain_3"] == (10, 21)


def test_a_single_port_is_replaced_and_a_list_grows() -> None:
    graph = after(AddNode("test.tone"), Connect("tone_2.audio", "gain.audio"), Connect("tone_2.audio", "mix.audios"))
    assert graph.nodes["gain"].inputs["audio"] == "tone_2.audio"
    assert graph.nodes["mix"].inputs["audios"] == ("split.left", "split.right", "tone_2.audio")
    graph = after(Disconnect("mix.audios", "split.left"), graph=graph)
    assert graph.nodes["mix"].inputs["audios"] == ("split.right", "tone_2.audio")
    assert "audios" not in after(Disconnect("mix.audios"), graph=graph).nodes["mix"].inputs


@pytest.mark.parametrize(
    "edit, message",
    [
        (Connect("mix.audio", "gain.audio"), "would close a circle"),
        (Connect("gain.audio", "gain.audio"), "would close a circle"),
        (Connect("level.value", "write.audio"), "write.audio wants Audio, but level.value gives float"),
        (Connect("tone.audio", "gain.audio"), "connected to gain.audio already"),
        (Connect("tone.sound", "write.audio"), r"tone has no output 'sound' \(it has: audio\)"),
        (Connect("tone.audio", "write.audo"), "did you mean 'audio'"),
        (Connect("tune.audio", "write.audio"), "no node 'tune' .did you mean 'tone'"),
        (Disconnect("tone.audio"), "no wire runs into tone.audio"),
        (AddNode("test.gian"), "not installed .did you mean 'test.gain'"),
        (AddNode("subgraph.nothing"), "no subgraph 'nothing'"),
        (AddNode("test.gain", id="gain"), "there is a node 'gain' already"),
        (AddNode("test.gain", id="in"), "cannot be an id"),
        (AddNode("test.gain", at=(float("nan"), 0)), "a position must be a number"),
        (SetKnob("gain", "db", 100), "gain.db must be between -60 and 24, got 100"),
        (SetKnob("gain", "db", "loud"), "gain.db wants a number"),
        (SetKnob("gain", "level", 1), "gain has no knob 'level'"),
        (Rename("gain", "tone"), "there is a node 'tone' already"),
        (Rename("nobody", "somebody"), "no node 'nobody'"),
        (Remove(()), "no node is selected"),
        (Group(("tone", "split")), "gain lies between the nodes of the group"),
        (Ungroup("gain"), "not an instance"),
        (SetMode(("gain",), "freeze"), "gain has no result to freeze"),
        (Insert("level", "tone.audio", "gain.audio"), "level does not fit between"),
        (Insert("write", "tone.audio", "gain.audio"), "would close a circle"),
        (Promote("gain", "db"), "gain.db is in the form already"),
        (SetUi("reroute", "r", {"at": [0, 0]}), "did you mean 'reroutes'"),
        (Paste(Graph()), "nothing to paste"),
        (Move({"gain": (1, 2)}, scope="no"), "there is no subgraph 'no'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(edit: Edit, message: str) -> None:
    with pytest.raises(EditError, match=message) as caught:
        edit.apply(chain(), LIBRARY)
    assert "\n" not in str(caught.value)
    assert edit.label


def test_removing_heals_the_path_where_types_fit() -> None:
    graph = after(Remove(("gain", "split"), heal=True))
    assert graph.nodes["mix"].inputs["audios"] == ("tone.audio", "tone.audio")
    assert graph.form == (Map(node="tone", knob="level"),)
    assert graph.ui["frames"]["f"]["nodes"] == ()
    assert not after(Remove(("gain", "split"))).nodes["mix"].inputs


def test_rename_follows_everywhere() -> None:
    graph = after(Rename("gain", "boost"), Rename("mix", "bus"))
    assert graph.nodes["split"].inputs["audio"] == "boost.audio"
    assert graph.form[0]["node"] == "boost"
    assert graph.ui["frames"]["f"]["nodes"] == ("boost", "split")
    assert graph.ui["reroutes"]["r"]["source"] == "bus.audio"


def test_moving_keeps_size_and_the_result() -> None:
    graph = after(Move({"split": (5, 6), "gain": (7, 8)}))
    assert graph.ui["nodes"]["split"] == Map(at=(5, 6), size=(80, 60))
    assert graph.nodes is chain().nodes or graph.nodes == chain().nodes
    before, now = dumps(chain()).splitlines(), dumps(graph).splitlines()
    assert sum(a != b for a, b in zip(before, now, strict=True)) == 2


def test_knobs_take_their_type_and_unknown_types_any_json() -> None:
    graph = after(SetKnob("gain", "db", 3), SetKnob("tone", "seed", 2.0))
    assert repr(graph.nodes["gain"].knobs["db"]) == "3.0"
    assert repr(graph.nodes["tone"].knobs["seed"]) == "2"
    assert "db" not in after(ResetKnob("gain", "db"), graph=graph).nodes["gain"].knobs
    strange = Paste(Graph(nodes=Map(n=Node("not.there"))))
    assert after(strange, SetKnob("n", "any", {"a": [1]})).nodes["n"].knobs["any"] == Map(a=(1,))


def test_group_and_ungroup_give_the_graph_back() -> None:
    grouped = after(Group(("gain", "split"), "voice"))
    definition = grouped.subgraphs["voice"]
    assert dict(definition.inputs) == {"audio": "Audio", "db": "float"}
    assert dict(definition.outputs) == {"left": "split.left", "right": "split.right"}
    assert grouped.nodes["voice"].inputs == Map(audio="tone.audio", db="level.value")
    assert grouped.nodes["mix"].inputs["audios"] == ("voice.left", "voice.right")
    assert grouped.form[0]["node"] == "voice"
    assert "f" in definition.ui["frames"]
    assert after(Ungroup("voice"), graph=grouped).nodes == chain().nodes
    assert not after(Ungroup("voice"), graph=grouped).subgraphs


def test_instances_are_linked_until_made_unique() -> None:
    graph = after(Group(("gain",), "voice"), Duplicate(("voice",), outer=True), MakeUnique("voice_2"))
    assert graph.nodes["voice_2"].type == "subgraph.voice_2"
    graph = after(SetKnob("gain", "db", 6.0, scope="voice_2"), graph=graph)
    assert graph.subgraphs["voice_2"].nodes["gain"].knobs["db"] == 6.0
    assert graph.subgraphs["voice"].nodes["gain"].knobs["db"] == 1.0


def test_a_definition_cannot_hold_itself() -> None:
    graph = after(Group(("gain",), "voice"), Group(("voice",), "outer"))
    for type, scope in (("subgraph.outer", "voice"), ("map.voice", "voice")):
        with pytest.raises(EditError, match="cannot be inside itself"):
            AddNode(type, scope=scope).apply(graph, LIBRARY)
    with pytest.raises(EditError, match="cannot be inside itself"):
        Paste(loads(copy(graph, ["outer"])), scope="voice").apply(graph, LIBRARY)


def test_hiding_a_port_cuts_the_wires_of_all_instances() -> None:
    graph = after(Group(("gain", "split"), "voice"), Unexpose("outputs", "left", scope="voice"))
    assert graph.nodes["mix"].inputs["audios"] == ("voice.right",)
    graph = after(Unexpose("inputs", "audio", scope="voice"), graph=graph)
    assert "audio" not in graph.nodes["voice"].inputs
    assert "audio" not in graph.subgraphs["voice"].nodes["gain"].inputs


def test_duplicates_keep_inner_wires_and_outer_ones_if_asked() -> None:
    alone = after(Duplicate(("gain", "split")))
    assert alone.nodes["split_2"].inputs["audio"] == "gain_2.audio"
    assert not alone.nodes["gain_2"].inputs
    assert alone.ui["nodes"]["gain_2"] == (140, 40)
    assert after(Duplicate(("gain",), outer=True)).nodes["gain_2"].inputs == chain().nodes["gain"].inputs


def test_replacing_a_type_keeps_what_fits_and_says_what_does_not() -> None:
    edit = ReplaceType("gain", "test.louder")
    graph = after(edit)
    assert graph.nodes["gain"].inputs == Map(sound="tone.audio", db="level.value")
    assert graph.nodes["gain"].knobs == Map(db=1.0)
    assert graph.nodes["split"].inputs["audio"] == "gain.audio"
    assert edit.dropped(chain(), LIBRARY) == []
    lost = ReplaceType("gain", "test.value").dropped(chain(), LIBRARY)
    assert [line.split(" has no")[0] for line in lost] == [
        "knob db (1.0)",
        "the wire into audio",
        "the wire into db",
        "the wire from gain.audio to split.audio",
    ]


def test_several_wires_into_a_port_take_no_list() -> None:
    graph = after(Group(("split",), "two"))
    name = next(iter(graph.subgraphs))
    replaced = ReplaceType("two", f"map.{name}").apply(graph, LIBRARY)
    assert "audios" not in replaced.nodes["mix"].inputs
    assert not wrong(replaced)


def test_a_promoted_knob_that_a_replaced_node_has_not_goes_from_every_definition_around_it() -> None:
    inner = Subgraph(nodes=Map(gain=Node("test.gain", 2)), inputs=Map(), knobs=Map(db="gain.db"))
    outer = Subgraph(nodes=Map(inner=Node("subgraph.inner")), knobs=Map(loud="inner.db"))
    graph = Graph(
        nodes=Map(outer=Node("subgraph.outer", knobs=Map(loud=3.0))),
        subgraphs=Map(inner=inner, outer=outer),
        form=(Map(node="outer", knob="loud"),),
    )
    replaced = ReplaceType("gain", "test.tone", scope="inner").apply(graph, LIBRARY)
    assert not replaced.subgraphs["inner"].knobs
    assert not replaced.subgraphs["outer"].knobs
    assert not replaced.nodes["outer"].knobs
    assert not replaced.form


def test_what_a_map_takes_from_a_list_is_promoted_no_longer() -> None:
    inner = Subgraph(nodes=Map(tone=Node("test.tone")), knobs=Map(level="tone.level"))
    outer = Subgraph(nodes=Map(each=Node("map.inner")), knobs=Map(loud="each.level"))
    graph = Graph(nodes=Map(outer=Node("subgraph.outer")), subgraphs=Map(inner=inner, outer=outer))
    listed = SetKnob("each", "over", ("level",), scope="outer").apply(graph, LIBRARY)
    assert not listed.subgraphs["outer"].knobs
    assert not wrong(listed)


def test_insert_on_a_wire() -> None:
    graph = after(AddNode("test.shape"), Insert("shape", "gain.audio", "split.audio"))
    assert graph.nodes["shape"].inputs["audio"] == "gain.audio"
    assert graph.nodes["split"].inputs["audio"] == "shape.audio"


def test_paste_brings_wires_places_and_definitions() -> None:
    graph = after(Group(("gain", "split"), "voice"))
    part = loads(copy(graph, ["voice", "mix"]))
    pasted = after(Paste(part, at=(1000, 1000)), graph=graph)
    assert pasted.nodes["mix_2"].inputs["audios"] == ("voice_2.left", "voice_2.right")
    assert not pasted.nodes["voice_2"].inputs
    assert set(pasted.subgraphs) == {"voice"}
    assert min(place[0] for id, place in pasted.ui["nodes"].items() if id.endswith("_2")) == 1000
    assert after(Paste(part, outer=True), graph=graph).nodes["voice_2"].inputs == graph.nodes["voice"].inputs
    other = after(SetKnob("gain", "db", 9.0, scope="voice"), graph=graph)
    assert after(Paste(part), graph=other).nodes["voice_2"].type == "subgraph.voice_2"
    assert set(after(Paste(part), graph=Graph()).nodes) == {"voice", "mix"}


def test_presets_modes_and_batches() -> None:
    graph = after(StorePreset("gain", "soft"), SetKnob("gain", "db", 9.0), ApplyPreset("gain", "soft"))
    assert graph.nodes["gain"].knobs == Map(db=1.0)
    frozen = after(SetMode(("gain",), "freeze", {"gain": {"audio": "0a" * 20}}))
    assert frozen.nodes["gain"].frozen == Map(audio="0a" * 20)
    assert not after(SetMode(("gain",), ""), graph=frozen).nodes["gain"].frozen
    with pytest.raises(EditError):
        Batch((Rename("gain", "boost"), Rename("gain", "bust"))).apply(chain(), LIBRARY)
    assert Batch((Rename("gain", "boost"),), name="tidy up").label == "tidy up"
