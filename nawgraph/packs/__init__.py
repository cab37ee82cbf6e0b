"""Node packs: find, install, isolate, check. `docs/packs.md` describes them for users, `docs/design.md` for readers.

Nothing of a pack is ever imported into this process. What it has is read from data (`manifest`, `catalogue`); its
nodes run in a process of its own (`engine`, `process`, `runner`) behind a sandbox (`sandbox`).
"""
