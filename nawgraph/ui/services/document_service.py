"""Effects about documents: open, save, close, recent, versions, templates, recovery. The disk is asked on a worker."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nawgraph.edits import History
from nawgraph.graph import Graph
from nawgraph.sharing.known import question, remember
from nawgraph.ui import documents
from nawgraph.ui.documents import SOUNDS, SUFFIX, ChangedOnDiskError, Claim, FormatError
from nawgraph.ui.messages import Apply, Change, Close, Do, Front, Open, Retab, Run, Say, Show
from nawgraph.ui.runs.sounds import sounds
from nawgraph.ui.services.browsing import listed
from nawgraph.ui.services.worker import Worker
from nawgraph.ui.state import App, Popup, Tab

Send = Callable[[Any], None]

LOOK = 2.0
"""Seconds between two looks at the files that are open."""


class DocumentService:
    """Opens and saves documents, keeps the journal of unsaved work, and watches the files that are open."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._worker = Worker(send, "nawgraph-documents")
        self._autosave = documents.Autosave()
        self._claims: dict[str, Claim] = {}
        self._noted: dict[int, Graph | None] = {}
        self._looked = 0.0
        self._problem = ""
        self._folder = Path.cwd()
        self._settings: Any = None

    def start(self, app: App) -> None:
        """Look for unsaved work of editors that died, and for recent documents."""
        self._settings = app.settings
        self._worker.do(lambda: [Change({"files": tuple(documents.recent())})])
        self._worker.do(lambda: [Change({"templates": tuple(documents.templates())})])
        self._worker.do(_recoveries)

    def do(self, app: App, effect: Do) -> None:
        """An action by name."""
        getattr(self, f"_{effect.verb}")(app, effect.data)

    # ------------------------------------------------------------------------------------------ open

    def _open(self, app: App, data: Any) -> None:
        path = Path(data["path"])
        already = next((tab for tab in app.tabs if tab.path is not None and _same(tab.path, path)), None)
        if already is not None:
            self._send(Front(already.key))
            return
        self._worker.do(lambda: self._opened(path, app.library))

    def _opened(self, path: Path, library: Any) -> list[Any]:
        try:
            found = documents.open_document(path, library)
        except FormatError as error:
            return [Say(f"{error}", "error")]
        sentences = list(found.sentences)
        if found.path is not None:
            sentences += self._claim(found.path)
            documents.remember(found.path, str(found.graph.meta.get("title") or found.path.stem))
            self._folder = found.path.absolute().parent
        title = str(found.graph.meta.get("title") or path.stem)
        saved = found.graph if found.path is not None and not found.sentences else None
        tab = Tab(
            0,
            History.of(found.graph, "open"),
            saved=saved,
            path=found.path,
            stamp=found.stamp,
            name=title,
            notes=tuple(sentences),
            foreign=question(found.graph, library) is not None,
        )
        lost = documents.missing(found.graph, library, found.base)
        messages: list[Any] = [Open(tab), Change({"files": tuple(documents.recent())})]
        messages += [Say(sentence) for sentence in sentences[:2]]
        if lost:
            messages.append(Show(Popup("missing", data={"lost": tuple(lost)})))
        return messages

    def _claim(self, path: Path) -> list[str]:
        """Note that it is open here; a sentence if another window has it as well."""
        found = documents.claim(path)
        if isinstance(found, Claim):
            self._claims[str(path.absolute())] = found
            return []
        return [f"{path.name} is open in another window as well: whoever saves last is asked first"]

    def _browse(self, app: App, data: Any) -> None:
        purpose = data["purpose"]
        folder = Path(data.get("folder") or self._folder)
        tab = app.tab
        name = ""
        if purpose == "save" and tab is not None:
            name = data.get("name") or (tab.path.name if tab.path else f"{tab.title}{SUFFIX}")
            folder = folder if "folder" in data or tab.path is None else tab.path.absolute().parent
        suffixes = {"open": (SUFFIX, *SOUNDS), "import": SOUNDS, "save": (SUFFIX,)}.get(purpose, data.get("kinds", ()))

        def job() -> list[Any]:
            entries, sentence = listed(folder, suffixes)
            if sentence:
                return [Say(sentence, "warning")]
            fresh = {**data, "folder": str(folder), "entries": entries}
            return [Show(Popup("browse", data=fresh, query=name))]

        self._worker.do(job)

    def _list_recent(self, app: App, data: Any) -> None:
        self._worker.do(lambda: [Change({"files": tuple(documents.recent())})])

    def _list_templates(self, app: App, data: Any) -> None:
        def job() -> list[Any]:
            return [Show(Popup("templates", data={"templates": tuple(documents.templates())}))]

        self._worker.do(job)

    def _start_from(self, app: App, data: Any) -> None:
        template = data["template"]
        library: Any = app.library

        def job() -> list[Any]:
            found = documents.start_from(template, library)
            tab = Tab(
                0, History.of(found.graph, f"start from {template.title}"), saved=found.graph, name=template.title
            )
            return [Open(tab)]

        self._worker.do(job)

    def _hear_template(self, app: App, data: Any) -> None:
        """Let the engine make what a template sounds like; the second time it has it."""
        template = data["template"]
        library: Any = app.library

        def job() -> list[Any]:
            graph = documents.start_from(template, library).graph
            found = sounds(graph, library)
            if not found:
                return [Say(f"{template.title} makes no sound", "warning")]
            words = Say(f"{template.title} is being made, to be heard")
            hear = {"title": template.title, "graph": graph, "source": found[0], "base": template.path.parent}
            return [words, Do("runs", "hear", hear)]

        self._worker.do(job)

    # ------------------------------------------------------------------------------------------ save

    def save(self, app: App, key: int) -> None:
        """Save a tab; one without a file asks for its name."""
        tab = _tab(app, key)
        if tab is None:
            return
        if tab.path is None:
            self._browse(app, {"purpose": "save", "key": key})
            return
        self._write(tab, tab.path, tab.stamp)

    def _save_to(self, app: App, data: Any) -> None:
        """Under a name; asks before it replaces another document."""
        tab = _tab(app, data["key"])
        if tab is None:
            return
        path = Path(data["path"])
        path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
        if path.exists() and not data.get("sure") and (tab.path is None or not _same(path, tab.path)):
            self._send(
                Show(
                    Popup(
                        "question",
                        data={
                            "text": f"{path.name} is there already. Replace it? It stays in its local history.",
                            "answers": (
                                ("Replace", Do("documents", "save_to", {**data, "sure": True})),
                                ("Cancel", None),
                            ),
                        },
                    )
                )
            )
            return
        self._write(tab, path, tab.stamp if tab.path is not None and _same(path, tab.path) else None, data.get("then"))

    def _overwrite(self, app: App, data: Any) -> None:
        tab = _tab(app, data["key"])
        if tab is not None and tab.path is not None:
            self._write(tab, tab.path, None)

    def _write(self, tab: Tab, path: Path, stamp: Any, then: Any = None) -> None:
        graph, key, foreign = tab.graph, tab.key, tab.foreign

        def job() -> list[Any]:
            try:
                written = documents.save_document(graph, path, stamp)
            except ChangedOnDiskError:
                return [_changed_question(key, path)]
            except FormatError as error:
                return [Say(f"Not saved: {error}", "error")]
            self._autosave.forget(str(key))
            documents.remember(path, str(graph.meta.get("title") or path.stem))
            if not foreign:
                remember(graph)
            if str(path.absolute()) not in self._claims:
                self._claim(path)
            self._folder = path.absolute().parent
            fields = {"saved": graph, "path": path, "stamp": written, "on_disk": ""}
            said = [Retab(key, fields), Say(f"Saved {path.name}"), Change({"files": tuple(documents.recent())})]
            return [*said, then] if then is not None else said

        self._worker.do(job)

    # ----------------------------------------------------------------------------------------- close

    def _close(self, app: App, data: Any) -> None:
        tab = _tab(app, data["key"])
        if tab is None:
            return
        if not tab.dirty or data.get("sure"):
            self._let_go(tab)
            self._send(Close(tab.key))
            return
        close = Do("documents", "close", {"key": tab.key, "sure": True})
        save = Do("documents", "save_then", {"key": tab.key, "then": close})
        text = f"“{tab.title}” has changes that are not saved."
        answers = (("Save", save), ("Close without Saving", close), ("Cancel", None))
        self._send(Show(Popup("question", data={"text": text, "answers": answers})))

    def _save_then(self, app: App, data: Any) -> None:
        tab = _tab(app, data["key"])
        if tab is None:
            return
        if tab.path is None:
            self._browse(app, {"purpose": "save", "key": tab.key, "then": data["then"]})
        else:
            self._write(tab, tab.path, tab.stamp, data["then"])

    def _let_go(self, tab: Tab) -> None:
        self._autosave.forget(str(tab.key))
        self._noted.pop(tab.key, None)
        claim = self._claims.pop(str(tab.path.absolute()), None) if tab.path is not None else None
        if claim is not None:
            claim.release()

    # -------------------------------------------------------------------------------- versions, disk

    def _list_versions(self, app: App, data: Any) -> None:
        tab = _tab(app, data["key"])
        if tab is not None and tab.path is not None:
            path = tab.path

            def job() -> list[Any]:
                found = tuple(documents.versions(path))
                return [Show(Popup("versions", data={"versions": found, "path": path, "key": tab.key}))]

            self._worker.do(job)

    def _open_version(self, app: App, data: Any) -> None:
        path, version = data["path"], data["version"]
        library: Any = app.library

        def job() -> list[Any]:
            graph = documents.read_version(path, version)
            foreign = question(graph, library) is not None
            name = f"{path.stem} ({version.label})"
            return [Open(Tab(0, History.of(graph, version.label), name=name, foreign=foreign))]

        self._worker.do(job)

    def _reload(self, app: App, data: Any) -> None:
        tab = _tab(app, data["key"])
        if tab is None or tab.path is None:
            return
        path, history = tab.path, tab.history
        library: Any = app.library

        def job() -> list[Any]:
            found = documents.open_document(path, library)
            fields = {
                "history": history.push("reload from disk", found.graph, time=clock.monotonic()),
                "saved": found.graph,
                "stamp": found.stamp,
                "on_disk": "",
                "foreign": question(found.graph, library) is not None,
            }
            return [Retab(tab.key, fields), Say(f"Reloaded {path.name}; Undo brings back what you had")]

        self._worker.do(job)

    def _keep_mine(self, app: App, data: Any) -> None:
        """What is open stays; the file on the disk is what a save will replace."""
        self._overwrite(app, data)

    def _find_missing(self, app: App, data: Any) -> None:
        tab = _tab(app, data["key"])
        if tab is None:
            return
        graph, base = tab.graph, tab.base

        def job() -> list[Any]:
            lost = tuple(documents.missing(graph, app.library, base))
            return [Show(Popup("missing", data={"lost": lost}))] if lost else [Say("Nothing is missing")]

        self._worker.do(job)

    def _relink(self, app: App, data: Any) -> None:
        tab = app.tab
        if tab is None:
            return
        graph, base = tab.graph, tab.base

        def job() -> list[Any]:
            edit = documents.relink(graph, app.library, data["lost"], data["place"], base)
            return [Apply(edit), Do("documents", "find_missing", {"key": tab.key})]

        self._worker.do(job)

    def _recover(self, app: App, data: Any) -> None:
        recovery = data["recovery"]
        library: Any = app.library
        key = 1 + max((tab.key for tab in app.tabs), default=0)

        def job() -> list[Any]:
            found = self._autosave.take(recovery, str(key))
            tab = Tab(
                0,
                History.of(found.graph, "recovered"),
                path=found.path,
                stamp=found.stamp,
                name=found.title,
                foreign=question(found.graph, library) is not None,
            )
            return [Open(tab), Say(f"Recovered “{found.title}”: save it to keep it"), *_recoveries()]

        self._worker.do(job)

    def _discard(self, app: App, data: Any) -> None:
        def job() -> list[Any]:
            documents.discard(data["recovery"])
            return [Show(None), *_recoveries()]

        self._worker.do(job)

    # ----------------------------------------------------------------------------------------- trust

    def _ask(self, app: App, data: Any) -> None:
        """Show what a foreign document would touch, before it is first run."""
        tab = _tab(app, data["key"])
        if tab is None:
            return
        graph = tab.graph
        library: Any = app.library

        def job() -> list[Any]:
            found = question(graph, library)
            if found is None:  # what reached out was taken away
                return [Retab(tab.key, {"foreign": False}), Run(data["targets"])]
            return [Show(Popup("trust", data={**data, "sheet": found, "title": tab.title}))]

        self._worker.do(job)

    def _trust(self, app: App, data: Any) -> None:
        """The user agreed: remember it, and run what was asked for."""
        tab = _tab(app, data["key"])
        if tab is None:
            return
        graph = tab.graph

        def job() -> list[Any]:
            remember(graph)
            return [Retab(tab.key, {"foreign": False}), Front(tab.key), Run(data["targets"])]

        self._worker.do(job)

    # --------------------------------------------------------------------------------------- a frame

    def frame(self, app: App) -> None:
        """Note unsaved work, write changed settings, and look from time to time whether files changed."""
        if app.settings is not self._settings:
            self._settings = settings = app.settings
            self._worker.do(lambda: _kept(settings))
        if app.settings.autosave:
            for tab in app.tabs:
                if self._noted.get(tab.key) is not tab.graph and tab.dirty:
                    self._noted[tab.key] = tab.graph
                    self._autosave.write(str(tab.key), tab.graph, tab.path, tab.title, tab.stamp)
        if self._autosave.problem != self._problem:
            self._problem = self._autosave.problem
            if self._problem:
                self._send(Say(f"Unsaved work is not kept: {self._problem}", "error"))
        if app.now - self._looked > LOOK:
            self._looked = app.now
            watched = [tab for tab in app.tabs if tab.path is not None and tab.stamp is not None and not tab.on_disk]
            if watched:
                self._worker.do(lambda: [found for tab in watched for found in _looked_at(tab)])

    def close(self, *, keep: bool = False) -> None:
        """The end. `keep`: the window was taken away while work was unsaved; it can be recovered the next time."""
        self._worker.close()
        for claim in self._claims.values():
            claim.release()
        if keep:
            self._autosave.flush()
        else:
            self._autosave.close()


def _tab(app: App, key: int) -> Tab | None:
    return next((tab for tab in app.tabs if tab.key == key), None)


def _same(a: Path, b: Path) -> bool:
    try:
        return a.absolute() == b.absolute() or a.samefile(b)
    except OSError:
        return False


def _kept(settings: Any) -> list[Any]:
    documents.save_settings(settings)
    return []


def _recoveries() -> list[Any]:
    found = tuple(documents.recoveries())
    return [Show(Popup("recovery", data={"recoveries": found}))] if found else []


def _looked_at(tab: Tab) -> list[Any]:
    assert tab.path is not None
    state = documents.changed(tab.path, tab.stamp)
    if not state:
        return []
    messages: list[Any] = [Retab(tab.key, {"on_disk": state})]
    if state == "changed":
        messages.append(_changed_question(tab.key, tab.path))
    else:
        messages.append(Say(f"{tab.path.name} is gone from the disk; saving writes it again", "warning"))
    return messages


def _changed_question(key: int, path: Path) -> Show:
    text = f"{path.name} was changed by another program since it was opened here."
    answers = (
        ("Reload It", Do("documents", "reload", {"key": key})),
        ("Keep Mine and Replace It", Do("documents", "overwrite", {"key": key})),
        ("Save Mine As…", Do("documents", "browse", {"purpose": "save", "key": key})),
        ("Decide Later", None),
    )
    return Show(Popup("question", data={"text": text, "answers": answers}))
