"""The editor as people use it: real pointer and key events, and the documents and files that come of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from desk import Desk
from driver import CANVAS, Driver, wait
from hand import Screen
from immutables import Map

from nawgraph import files
from nawgraph.graph import Graph, Node
from nawgraph.ui import choices
from nawgraph.ui.messages import Insert, Show
from nawgraph.ui.state import Popup

ROOT = Path(__file__).parents[3]


def test_moves_knobs_and_removals_are_undone_and_redone(desk: Desk) -> None:
    hand = desk.hand
    desk.new()
    prompt = desk.add("text prompt", (80, 100))
    plan = desk.add("compose", (400, 100))
    desk.wire(f"{prompt}.prompt", f"{plan}.prompt")
    first = desk.graph

    x, y = desk.field(plan, "humanise")
    hand.drag((x - 30, y), (x + 40, y))
    desk.until(lambda: desk.gesture is None and desk.graph.nodes[plan].knobs.get("humanise", 1.0) != 1.0)
    x, y = desk.head(prompt)
    hand.drag((x, y), (x + 60, y + 150))
    desk.until(lambda: desk.gesture is None)
    moved = desk.graph
    assert tuple(moved.ui["nodes"][prompt])[1] == tuple(first.ui["nodes"][prompt])[1] + 150
    hand.press("Delete")
    desk.until(lambda: set(desk.graph.nodes) == {plan})
    for place in (2, 1, 0):
        hand.press("ctrl+z")
        desk.until(lambda place=place: desk.tab.history.index == len(desk.tab.history.entries) - 4 + place)
    assert desk.graph == first
    for _ in range(2):
        hand.press("ctrl+shift+z")
    desk.until(lambda: desk.graph == moved)


def test_a_wire_dropped_beside_everything_asks_for_the_node_that_it_feeds(desk: Desk) -> None:
    desk.new()
    prompt = desk.add("text prompt", (80, 100))
    desk.hand.drag(desk.port(prompt, "out", "prompt"), desk.at((420, 200)))
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "search")
    desk.type("compose")
    desk.hand.press("Return")
    desk.until(lambda: len(desk.graph.nodes) == 2)
    wires = [node.inputs.get("prompt") for node in desk.graph.nodes.values() if node.type == "plan.compose"]
    assert wires == [f"{prompt}.prompt"]


def test_a_lasso_selects_and_alt_wires_node_to_node_and_ctrl_moves_a_bundle(desk: Desk) -> None:
    hand = desk.hand
    desk.new()
    prompt = desk.add("text prompt", (80, 100))
    plan = desk.add("compose", (400, 100))
    other = desk.add("text prompt", (80, 330))
    hand.hold("alt", True)
    hand.drag(desk.head(prompt), desk.head(plan))
    hand.hold("alt", False)
    desk.until(lambda: desk.graph.nodes[plan].inputs.get("prompt") == f"{prompt}.prompt")

    hand.hold("ctrl", True)
    hand.drag(desk.port(prompt, "out", "prompt"), desk.port(other, "out", "prompt"))
    hand.hold("ctrl", False)
    desk.until(lambda: desk.graph.nodes[plan].inputs.get("prompt") == f"{other}.prompt")

    hand.press("esc")
    left, top, right, bottom = desk.scene.box(plan)
    corners = [(left - 30, top - 40), (right + 40, top - 40), (right + 40, bottom + 60), (left - 30, bottom + 60)]
    hand.hold("alt", True)
    hand.hold("shift", True)
    hand.to(*desk.at(corners[0]))
    hand.button(True)
    for corner in corners[1:]:
        hand.to(*desk.at(corner))
    desk.until(lambda: type(desk.gesture).__name__ == "Lasso" and plan in desk.tab.selection)
    hand.button(False)
    hand.hold("shift", False)
    hand.hold("alt", False)
    desk.until(lambda: desk.gesture is None)
    assert desk.tab.selection >= {plan} and prompt not in desk.tab.selection


def test_menus_palette_copies_and_tabs(desk: Desk) -> None:
    hand = desk.hand
    desk.new()
    prompt = desk.add("text prompt", (80, 100))
    hand.press("ctrl+c")
    desk.new()
    hand.to(*desk.at((300, 300)))
    hand.press("ctrl+v")
    desk.until(lambda: len(desk.graph.nodes) == 1)
    desk.palette("bypass")
    assert [(node.type, node.mode) for node in desk.graph.nodes.values()] == [("prompt.text", "bypass")]
    second = desk.tab.key
    hand.press("ctrl+Tab")
    desk.until(lambda: desk.tab.key != second)
    hand.click(*desk.head(prompt), button=3)
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "menu")
    titles = [row.title for row in choices.rows(desk.app)]
    for _ in range(titles.index("Duplicate")):
        hand.press("Down")
    desk.until(lambda: desk.popup is not None and titles[desk.popup.index] == "Duplicate")
    hand.press("Return")
    desk.until(lambda: [node.type for node in desk.graph.nodes.values()] == ["prompt.text"] * 2)


def test_keys_alone_answer_dialogs(desk: Desk, tmp_path: Path) -> None:
    """Return presses the marked button, Tab marks another one, Escape closes; a text field keeps its keys."""
    hand = desk.hand
    desk.new()
    prompt = desk.add("text prompt", (80, 100))
    hand.press("F2")
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "prompt")
    desk.until(desk.editor.window.kit.is_typing)
    hand.type("verse")
    hand.press("Return")
    desk.until(lambda: desk.popup is None and desk.graph.nodes[prompt].title == "verse")

    hand.press("ctrl+w")
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "question")
    hand.press("esc")
    desk.until(lambda: desk.popup is None)
    hand.press("ctrl+w")
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "question")
    hand.press("Return")  # Save
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "browse")
    desk.until(desk.editor.window.kit.is_typing)
    hand.press("ctrl+a")
    desk.type(str(tmp_path / "kept.nawgraph"))
    hand.press("Return")
    desk.until(lambda: not desk.app.tabs)
    assert files.load(tmp_path / "kept.nawgraph").nodes[prompt].title == "verse"

    desk.new()
    desk.add("text prompt", (80, 100))
    hand.press("ctrl+w")
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "question")
    hand.press("Tab")
    hand.press("Return")  # Close without Saving
    desk.until(lambda: not desk.app.tabs)


def test_a_command_gets_another_key_and_loses_it_again(desk: Desk) -> None:
    hand = desk.hand
    desk.new()
    desk.add("text prompt", (80, 100))
    hand.press("ctrl+shift+k")
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "keys")
    desk.editor.send(Show(Popup("keys", data={"command": "node.bypass"})))
    desk.until(lambda: bool(desk.popup and desk.popup.data))
    hand.press("F9")
    desk.until(lambda: desk.app.settings.keys.get("node.bypass") == "F9")
    hand.press("Return")  # Close
    desk.until(lambda: desk.popup is None)
    hand.press("F9")
    desk.until(lambda: [node.mode for node in desk.graph.nodes.values()] == ["bypass"])


def test_a_template_is_heard_before_it_is_opened(desk: Desk) -> None:
    """The button beside a template makes its sound, without a document and without files, and plays it."""
    desk.editor.documents.start(desk.app)  # as the editor's loop does: it lists the templates
    desk.until(lambda: desk.app.templates)
    at = [template.id for template in desk.app.templates].index("hello")
    card, button = dpg_rows(desk)[at]
    assert card[2] <= button[0] and abs(card[1] - button[1]) <= 2
    desk.hand.click((button[0] + button[2]) / 2, (button[1] + button[3]) / 2)
    desk.until(lambda: desk.app.heard.name == desk.app.templates[at].title and desk.app.sound.length > 0.5)
    desk.until(lambda: desk.app.sound.playing or desk.app.sound.position > 0)
    assert not desk.app.tabs and not desk.editor.runs.runs.history[-1].files
    desk.palette("stop")
    desk.until(lambda: not desk.app.sound.playing)


def dpg_rows(desk: Desk) -> list[tuple[tuple[float, ...], ...]]:
    """Left, top, right and bottom of the start page's templates, and of the buttons beside them."""
    import dearpygui.dearpygui as dpg

    def box(tag: int) -> tuple[float, ...]:
        (x, y), (width, height) = dpg.get_item_rect_min(tag), dpg.get_item_rect_size(tag)
        return x, y, x + width, y + height

    desk.frames(4)
    plays = [tag for tag in dpg.get_all_items() if dpg.get_item_label(tag) == "▶" and dpg.is_item_visible(tag)]
    rows = [dpg.get_item_children(dpg.get_item_parent(tag), 1) for tag in plays]
    pairs = [row[:2] for row in rows if len(row) > 1 and row[1] in plays]  # behind them, the tooltip
    return sorted((tuple(box(tag) for tag in pair) for pair in pairs), key=lambda pair: pair[0][1])


def test_what_was_not_saved_is_there_after_a_kill(driver: Driver) -> None:
    hand = driver.hand
    driver.start()
    hand.press("ctrl+n")
    hand.rest(0.3)
    driver.add("prompt", "prompt.text", "text prompt", (80, 100))
    hand.rest(3.0)
    assert driver.process is not None
    driver.process.kill()
    driver.process.communicate()
    driver.start()
    hand.rest(1.0)
    hand.press("Return")  # Recover
    hand.rest(1.0)
    assert [node.type for node in driver.save_as("back.nawgraph").nodes.values()] == ["prompt.text"]
    assert driver.end() == ""


def test_a_file_is_opened_and_its_result_is_seen_and_heard(driver: Driver) -> None:
    hand = driver.hand
    (driver.folder / "hello.nawgraph").write_bytes((ROOT / "graphs" / "hello.nawgraph").read_bytes())
    driver.start("hello.nawgraph")
    before = hand.picture()
    hand.to(300, CANVAS[1] + 600)
    hand.press("ctrl+Return")
    wait(lambda: list((driver.folder / "out").rglob("*.*")))
    hand.rest(1.5)
    assert (hand.picture() != before).any(-1).mean() > 0.003  # pictures and marks in the nodes
    hand.press("ctrl+a")
    hand.press("ctrl+q")
    assert driver.process is not None
    assert driver.process.wait(20) == 0


@pytest.mark.parametrize("display", ["", ":987"])
def test_without_a_display_it_says_so_in_a_sentence(display: str, tmp_path: Path) -> None:
    environment = {**os.environ, "DISPLAY": display}
    done = subprocess.run(
        [sys.executable, "-m", "nawgraph", "edit"], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stdout == ""
    assert "display" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_without_opengl_it_says_so_in_a_sentence(tmp_path: Path) -> None:
    screen = Screen("-extension", "GLX")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "nawgraph", "edit"],
            env={**os.environ, "DISPLAY": screen.name}, cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        screen.close()
    assert done.returncode == 2 and done.stdout == ""
    assert "OpenGL" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_five_thousand_nodes_are_pasted_and_titles_of_all_scripts_are_kept(desk: Desk, tmp_path: Path) -> None:
    titles = ["עִבְרִית שיר", "أغنية جديدة", "曲のタイトル", "🎵 e\u0301", "x" * 300]
    nodes = {
        f"n{i}": Node("value.float", title=titles[i % 5] if i < 10 else "") for i in range(5000)
    }  # fmt: skip
    text = files.dumps(Graph(Map(nodes)))
    desk.new()
    desk.editor.send(Insert(text, (0.0, 0.0)))
    desk.until(lambda: len(desk.graph.nodes) == 5000)
    desk.hand.press("a")
    desk.frames(3)
    kept = desk.save_as(tmp_path / "many.nawgraph")
    assert sorted(node.title for node in kept.nodes.values() if node.title) == sorted(titles * 2)
    desk.hand.press("ctrl+z")
    desk.until(lambda: not desk.graph.nodes)


def test_a_strangers_document_is_asked_about_before_it_first_runs(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "strange.nawgraph"
    nodes = Map(
        {
            "tone": Node("audio.tone", 1, knobs=Map({"seconds": 0.1})),
            "list": Node("list.files", 1, knobs=Map({"folder": "..", "pattern": "none*"})),
            "size": Node("list.length", 1, inputs=Map({"items": ("list.items",)})),
        }
    )
    files.save(Graph(nodes=nodes), path)
    desk.open(path)
    assert desk.tab.foreign
    desk.hand.press("ctrl+Return")
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "trust")
    assert desk.popup is not None and desk.popup.data["sheet"].outside == ("..",)
    desk.escape()
    assert desk.tab.run == 0 and desk.tab.foreign
    desk.hand.press("ctrl+Return")
    desk.until(lambda: desk.popup is not None and desk.popup.kind == "trust")
    desk.hand.press("Return")
    desk.until(lambda: desk.tab.run != 0 and desk.app.queue.current is None)
    assert not desk.tab.foreign
    desk.hand.press("ctrl+w")
    desk.until(lambda: desk.app.tab is None)
    desk.open(path)
    assert not desk.tab.foreign
