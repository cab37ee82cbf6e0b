"""The bridge to the engine: a queue, messages once a frame, plans, values, a history. No toolkit.

```python
runs = Runs(lambda: Session(cache_folder()))
ticket = runs.submit(graph, document=str(path), base=path.parent, tab="1", label="all")
for message in runs.poll():      # once a frame
    state = update(state, message)
```
"""

from nawgraph.ui.runs.auto import QUIET, AutoRun, differs
from nawgraph.ui.runs.bridge import Runs
from nawgraph.ui.runs.messages import (
    Message,
    Notice,
    PlanReady,
    PlanRow,
    QueueChanged,
    RunEnded,
    RunPlan,
    RunStarted,
    StepChanged,
    Ticket,
    ValueReady,
)
from nawgraph.ui.runs.past import Entry
from nawgraph.ui.runs.paths import nodes_of
from nawgraph.ui.runs.sounds import seeds, sounds

__all__ = [
    "QUIET",
    "AutoRun",
    "Entry",
    "Message",
    "Notice",
    "PlanReady",
    "PlanRow",
    "QueueChanged",
    "RunEnded",
    "RunPlan",
    "RunStarted",
    "Runs",
    "StepChanged",
    "Ticket",
    "ValueReady",
    "differs",
    "nodes_of",
    "seeds",
    "sounds",
]
