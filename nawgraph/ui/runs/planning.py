"""Run plans: asked of the engine by a thread, the newest question of each tab only."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping

from nawgraph.runtime.events import Expected
from nawgraph.runtime.work import sentence
from nawgraph.ui.runs.messages import PlanReady, PlanRow, RunPlan
from nawgraph.ui.runs.paths import nodes_of

_KNOWN = "its result is known"


class Planner:
    """Answers with `PlanReady` in `drain`. All methods are the main thread's and never wait."""

    def __init__(self) -> None:
        self._questions: dict[str, tuple[int, Callable[[], Mapping[str, Expected]]]] = {}
        self._asked = threading.Condition()
        self._answers: deque[PlanReady] = deque()
        self._thread: threading.Thread | None = None
        self._open = True

    def ask(self, handle: int, tab: str, question: Callable[[], Mapping[str, Expected]]) -> None:
        """Put a question; it takes the place of the tab's last one if nobody has begun to answer that."""
        with self._asked:
            self._questions[tab] = handle, question
            self._asked.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="nawgraph-plan", daemon=True)
            self._thread.start()

    def drain(self) -> list[PlanReady]:
        """The answers since the last call."""
        found = []
        while self._answers:
            found.append(self._answers.popleft())
        return found

    def close(self) -> None:
        """Let the thread go when it is through."""
        with self._asked:
            self._open = False
            self._questions.clear()
            self._asked.notify()

    def _work(self) -> None:
        while True:
            with self._asked:
                self._asked.wait_for(lambda: bool(self._questions) or not self._open)
                if not self._open:
                    return
                tab = next(iter(self._questions))
                handle, question = self._questions.pop(tab)
            try:
                answer = PlanReady(handle, tab, run_plan(question()))
            except TimeoutError:
                answer = PlanReady(handle, tab, None, "the engine is too busy to foretell the run: try again")
            except BaseException as error:
                answer = PlanReady(handle, tab, None, sentence(error))
            self._answers.append(answer)


def run_plan(steps: Mapping[str, Expected]) -> RunPlan:
    """The plan that the engine's expectations make up."""
    rows = tuple(_row(id, expected) for id, expected in steps.items())
    ahead = [row for row in rows if row.verdict in ("run", "maybe")]
    costs = [row.seconds for row in ahead if row.seconds is not None]
    verdicts = [row.verdict for row in rows]
    return RunPlan(
        rows,
        cached=verdicts.count("cached"),
        to_run=verdicts.count("run"),
        maybe=verdicts.count("maybe"),
        blocked=verdicts.count("fail") + verdicts.count("blocked"),
        seconds=sum(costs),
        unknown=len(ahead) - len(costs),
        bytes=max((row.bytes for row in ahead), default=0),
    )


def _row(id: str, expected: Expected) -> PlanRow:
    verdict, reason = expected.verdict, expected.why
    seconds = 0.0 if verdict == "cached" else expected.seconds if verdict in ("run", "maybe") else None
    if verdict == "cached":
        reason = f"{_KNOWN} ({reason}, and this was made before)" if reason else _KNOWN
    return PlanRow(id, nodes_of(id), verdict, seconds, reason, expected.feeders, expected.bytes)
