"""Models that the user installed: a folder each, with the weights, their config and a note of where they came from."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nawgraph.home import models_folder
from nawgraph.models import checkpoints
from nawgraph.models.families import Family, family
from nawgraph.models.generators import folders
from nawgraph.models.separator import bags
from nawgraph.values import ModelRef

WEIGHTS, CONFIG, NOTE = "model.safetensors", "config.json", "nawgraph-model.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class Installed:
    """A model in the folder of models.

    Attributes:
        name: its folder's.
        kind, layout: what it is.
        licence, commercial: of its family, "unknown" and False where that is not known.
        source: hub id or path that it came from.
        revision: of the hub, else empty.
        digest: of the file of weights, hexadecimal.
        bytes: of the file.
    """

    name: str
    kind: str
    layout: str
    licence: str
    commercial: bool
    source: str
    revision: str
    digest: str
    bytes: int

    @property
    def path(self) -> Path:
        """The file of weights, or the folder of what is kept as one."""
        folder = models_folder() / self.name
        return folder if self.layout in folders.LAYOUTS else folder / WEIGHTS

    @property
    def ref(self) -> ModelRef:
        """What travels on wires."""
        return ModelRef(self.kind, self.name, self.digest)


def all_installed() -> list[Installed]:
    """Every model that is installed, by name; folders without a note are none."""
    folder = models_folder()
    if not folder.is_dir():
        return []
    found = [_noted(path) for path in sorted(folder.iterdir()) if (path / NOTE).is_file()]
    return [note for note in found if note is not None]


def find(kind: str, name: str) -> Installed:
    """The installed model of this name.

    Raises:
        LookupError: there is none, or it is of another kind.
    """
    found = _noted(models_folder() / name) if _NAME.fullmatch(name) else None
    if found is None:
        known = ", ".join(m.name for m in all_installed() if m.kind == kind) or "none"
        offer = f"nawgraph models add {name}" if family(name) else "nawgraph models list shows what there is"
        raise LookupError(f"no {kind} called {name!r} is installed (installed: {known}): {offer}")
    if found.kind != kind:
        raise LookupError(f"{name} is a {found.kind}, not a {kind}")
    return found


def path_of(ref: ModelRef) -> Path:
    """The file of a reference: of an installed model, else the path that it names."""
    installed = models_folder() / ref.name / WEIGHTS
    return installed if _NAME.fullmatch(ref.name) and installed.is_file() else Path(ref.name)


def load(ref: ModelRef, kind: str) -> Any:
    """The model that a reference names. Its space is its layout's and the weights' digest.

    Raises:
        LookupError: it is not there, PyTorch is missing, or its weights are others than the reference says.
        ValueError: damaged, or of another kind.
    """
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise LookupError(f"the {kind} {ref.name} needs PyTorch: install nawgraph[neural]")
    path = path_of(ref)
    if path.is_dir():
        path = checkpoints.weights_in(path)
    if not path.exists():
        if _NAME.fullmatch(ref.name):
            find(kind, ref.name)  # says what there is
        raise LookupError(f"{path} does not exist")
    digest = ref.revision or file_digest(path)
    found = checkpoints.read(path)
    if checkpoints.layouts()[found.layout].kind != kind:
        raise ValueError(f"{path.name} is a {checkpoints.layouts()[found.layout].kind}, not a {kind}")
    name = ref.name if _NAME.fullmatch(ref.name) else path.name
    try:
        return checkpoints.build(found, name, f"{found.layout}/{digest[:12]}")
    except ValueError as error:
        raise ValueError(f"{path.name} does not fit: {error}") from None


def add(
    source: Path,
    name: str = "",
    *,
    wanted: Family | None = None,
    convert: bool = False,
    origin: str = "",
    revision: str = "",
    say: Callable[[str], None] = lambda sentence: None,
) -> Installed:
    """Install a file or folder of weights: recognised, checked whole, copied, and only then seen by anybody.

    Args:
        source: safetensors, a folder with it and its `config.json`, a pickle, the YAML file of a bag of Demucs, or the
            folder of a generator.
        name: to install it under; empty for its family's.
        wanted: the family that it must be of.
        convert: whether a pickle may be converted.
        origin: where it came from, if not from `source`.
        revision: of the hub.
        say: hears what the user may want to know.

    Raises:
        LookupError: no such file.
        ValueError: a pickle that may not be converted, damaged, of another family or shape, a bad or taken name.
    """
    folder = models_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and (folders.layout_of(source) or (wanted is not None and wanted.layout in folders.LAYOUTS)):
        return _add_folder(source, name, wanted, origin, revision, say)
    file = checkpoints.weights_in(source) if source.is_dir() else source
    if not file.is_file():
        raise LookupError(f"{file} does not exist")
    work = Path(tempfile.mkdtemp(dir=folder, prefix=".adding-"))
    try:
        _copy(file, work, convert)
        found = checkpoints.read(work / WEIGHTS)
        layout = checkpoints.layouts()[found.layout]
        rate = layout.rate(found.config)
        _belongs(file.name, found.layout, rate, wanted)
        try:
            checkpoints.build(found, file.name, "check")
        except ValueError as error:
            raise ValueError(f"{file.name} does not fit: {error}") from None
        known = wanted or _guess(found.layout, rate)
        chosen = name or (wanted.name if wanted else re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("-._"))
        if not _NAME.fullmatch(chosen):
            raise ValueError(f"{chosen!r} cannot be a name: use small letters, digits, '.', '-' and '_'")
        target = folder / chosen
        if target.exists():
            raise ValueError(f"a model called {chosen} is installed already: remove it first, or give another --name")
        note = Installed(
            chosen, layout.kind, found.layout, known.licence if wanted and known else "unknown",
            bool(wanted and known and known.commercial), origin or str(source), revision,
            file_digest(work / WEIGHTS), (work / WEIGHTS).stat().st_size,
        )  # fmt: skip
        (work / NOTE).write_text(json.dumps(asdict(note), indent=1) + "\n", "utf-8")
        work.rename(target)
    except OSError as error:
        raise ValueError(f"{file.name} cannot be installed: {error.strerror or error}") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if known is not None and not wanted:
        say(f"it looks like {known.name} ({known.licence}): add it with --family {known.name} to note its licence")
    return note


def _add_folder(
    source: Path, name: str, wanted: Family | None, origin: str, revision: str, say: Callable[[str], None]
) -> Installed:
    """Install a generator, which is a folder. Raises as `add`."""
    from nawgraph.models.families import FAMILIES

    layout = folders.check(source)
    if wanted is not None and wanted.layout != layout:
        raise ValueError(f"{source.name} is a checkpoint of {layout}, not of {wanted.name}")
    chosen = name or (wanted.name if wanted else re.sub(r"[^a-z0-9._-]+", "-", source.name.lower()).strip("-._"))
    if not _NAME.fullmatch(chosen):
        raise ValueError(f"{chosen!r} cannot be a name: use small letters, digits, '.', '-' and '_'")
    target = models_folder() / chosen
    if target.exists():
        raise ValueError(f"a model called {chosen} is installed already: remove it first, or give another --name")
    work = Path(tempfile.mkdtemp(dir=models_folder(), prefix=".adding-"))
    try:
        for file in folders.files(source):
            place = work / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        folders.check(work)
        print_, size = folders.digest(work)
        note = Installed(
            chosen, "generator", layout, wanted.licence if wanted else "unknown", bool(wanted and wanted.commercial),
            origin or str(source), revision, print_, size,
        )  # fmt: skip
        (work / NOTE).write_text(json.dumps(asdict(note), indent=1) + "\n", "utf-8")
        work.rename(target)
    except OSError as error:
        raise ValueError(f"{source.name} cannot be installed: {error.strerror or error}") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    known = [f.name for f in FAMILIES if f.layout == layout]
    if wanted is None and known:
        say(f"it is a {layout}: add it with --family {' or '.join(known)} to note its licence")
    return note


def remove(name: str) -> Installed:
    """Take a model away.

    Raises:
        LookupError: it is not installed.
    """
    found = _noted(models_folder() / name) if _NAME.fullmatch(name) else None
    if found is None:
        raise LookupError(f"no model called {name!r} is installed")
    shutil.rmtree(models_folder() / name)
    return found


def verify(note: Installed) -> str:
    """What is wrong with an installed model, in a sentence; empty if nothing is."""
    if note.layout in folders.LAYOUTS:
        return _verify_folder(note)
    if not note.path.is_file():
        return f"{note.name}: its weights are missing; install it again"
    if file_digest(note.path) != note.digest:
        return f"{note.name}: its weights have changed since it was installed; remove it and install it again"
    try:
        checkpoints.build(checkpoints.read(note.path), note.name, "check")
    except (LookupError, ValueError) as error:
        return f"{note.name}: {error}"
    return ""


def _verify_folder(note: Installed) -> str:
    try:
        folders.check(note.path)
    except (LookupError, ValueError) as error:
        return f"{note.name}: {error}"
    if folders.digest(note.path)[0] != note.digest:
        return f"{note.name}: its files have changed since it was installed; remove it and install it again"
    return ""


def file_digest(path: Path) -> str:
    """blake3 of a file's bytes, 160 bit, hexadecimal."""
    from blake3 import blake3

    hasher = blake3()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return hasher.hexdigest(length=20)


def _copy(file: Path, work: Path, convert: bool) -> None:
    """Weights and config into the folder that is being made."""
    beside = file.with_name(CONFIG)
    if file.suffix in bags.KINDS:
        (work / CONFIG).write_text(json.dumps(bags.pack(file, work / WEIGHTS, convert)), "utf-8")
        return
    if file.suffix in checkpoints.PICKLES:
        if not convert:
            raise ValueError(
                f"{file.name} is a pickle, which could run code: --convert reads it once in a process of its own "
                "(tensors and plain data only) and keeps safetensors"
            )
        from nawgraph.models.pickles import convert as converted

        config = converted(file, work / WEIGHTS)
        if not beside.is_file():
            (work / CONFIG).write_text(json.dumps(config), "utf-8")
    else:
        shutil.copyfile(file, work / WEIGHTS)
    if beside.is_file():
        shutil.copyfile(beside, work / CONFIG)
    for name in checkpoints.beside():
        if file.with_name(name).is_file():
            shutil.copyfile(file.with_name(name), work / name)


def _belongs(name: str, layout: str, rate: int, wanted: Family | None) -> None:
    if wanted is None:
        return
    if wanted.layout != layout:
        raise ValueError(f"{name} is a checkpoint of {layout}, not of {wanted.name}")
    if wanted.rate and rate != wanted.rate:
        raise ValueError(f"{name} is of {rate:,} Hz, and {wanted.name} of {wanted.rate:,} Hz")


def _guess(layout: str, rate: int) -> Family | None:
    from nawgraph.models.families import FAMILIES

    return next((f for f in FAMILIES if f.layout == layout and f.rate == rate), None)


def _noted(folder: Path) -> Installed | None:
    try:
        told = json.loads((folder / NOTE).read_text("utf-8"))
        known = {f.name: told[f.name] for f in fields(Installed)}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Installed(**known) if known["name"] == folder.name else None
