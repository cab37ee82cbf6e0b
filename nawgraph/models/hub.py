"""Fetching published checkpoints from the hub, by huggingface_hub: with progress, resumed where it was cut off."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nawgraph.home import models_folder

SAFE, OLD = "model.safetensors", "pytorch_model.bin"
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def is_id(text: str) -> bool:
    """Whether a text can be the hub's name of a repository."""
    return bool(_ID.fullmatch(text))


def fetch_folder(
    id: str, revision: str = "", *, offline: bool = False, patterns: Sequence[str] = ()
) -> tuple[Path, str]:
    """A whole repository, but for files that no pattern matches, and the commit that it is of. As `fetch`."""
    try:
        import huggingface_hub as hub
    except ImportError:
        raise LookupError("fetching from the hub needs huggingface_hub: install nawgraph[hub]") from None
    offline = offline or os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0")
    with _said(hub, id, revision, "", offline):
        path = Path(
            hub.snapshot_download(
                id, revision=revision or None, cache_dir=models_folder() / ".hub", local_files_only=offline,
                allow_patterns=list(patterns) or None,
            )
        )  # fmt: skip
    return path, path.parts[path.parts.index("snapshots") + 1]


def fetch(
    id: str, file: str, revision: str = "", *, offline: bool = False, beside: Sequence[str] = ()
) -> tuple[Path, str]:
    """Weights and the config beside them, and the commit that they are of.

    Args:
        id: ``owner/name``.
        file: of the weights, within the repository.
        revision: branch, tag or commit; empty for the newest.
        offline: look only at what was fetched before.
        beside: further files beside the weights, of those that are there.

    Raises:
        LookupError: huggingface_hub is missing, the hub cannot be reached, or it has no such repository or file.
        ValueError: the disk is full.
    """
    try:
        import huggingface_hub as hub
    except ImportError:
        raise LookupError("fetching from the hub needs huggingface_hub: install nawgraph[hub]") from None
    offline = offline or os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0")
    options: dict[str, Any] = {
        "revision": revision or None, "cache_dir": models_folder() / ".hub", "local_files_only": offline
    }  # fmt: skip
    with _said(hub, id, revision, file, offline):
        try:
            path = Path(hub.hf_hub_download(id, file, **options))
        except hub.errors.EntryNotFoundError as error:
            if file != SAFE or isinstance(error, hub.errors.LocalEntryNotFoundError):
                raise
            path = Path(hub.hf_hub_download(id, OLD, **options))  # from before safetensors; asks to be converted
        for name in ("config.json", *beside):
            with suppress(hub.errors.EntryNotFoundError):  # some checkpoints carry their config themselves
                hub.hf_hub_download(id, Path(file).with_name(name).as_posix(), **options)
    return path, path.parts[path.parts.index("snapshots") + 1]


@contextmanager
def _said(hub: Any, id: str, revision: str, file: str, offline: bool) -> Iterator[None]:
    """What goes wrong with the hub, in a sentence each."""
    try:
        yield
    except hub.errors.GatedRepoError:
        raise LookupError(
            f"{id} asks you to agree to its terms first: do so on its page, and log in to the hub"
        ) from None
    except hub.errors.RepositoryNotFoundError:
        raise LookupError(f"the hub has no model called {id}, or it asks for a login") from None
    except hub.errors.RevisionNotFoundError:
        raise LookupError(f"{id} has no revision {revision}") from None
    except hub.errors.LocalEntryNotFoundError:
        why = "it was not fetched before, and this is offline" if offline else "the network cannot be reached"
        raise LookupError(f"{id} is not here: {why}") from None
    except hub.errors.EntryNotFoundError:
        raise LookupError(f"{id} has no file {file}" if file else f"{id} lacks a file") from None
    except OSError as error:
        if error.errno == 28:
            raise ValueError(f"{id} could not be fetched whole: the disk is full") from None
        raise LookupError(f"{id} could not be fetched: {error.strerror or type(error).__name__}") from None
