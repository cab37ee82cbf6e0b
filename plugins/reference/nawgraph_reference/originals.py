"""Import the original packages where they cannot be imported as they are, without changing a file of theirs.

* torchaudio's compiled libraries want CUDA. Nothing of them is used here: its Python part works without.
* laion_clap imports torchvision for pictures, and loads three tokenizers from the internet while it is imported.
"""

from __future__ import annotations

import functools
import importlib
import importlib.machinery
import os
import sys
import types
import warnings
from typing import Any


@functools.cache
def dac() -> Any:
    """The package `dac`."""
    _quiet()
    _without_compiled_torchaudio()
    return importlib.import_module("dac")


@functools.cache
def clap() -> Any:
    """The module `clap_module.model` of the package `laion_clap`, which has its networks."""
    _quiet()
    _without_compiled_torchaudio()
    import transformers

    kinds = {transformers.BertTokenizer, transformers.RobertaTokenizer, transformers.BartTokenizer}  # some are one
    for kind in kinds:  # seen before the stand-in for torchvision, which transformers must not take for the real one
        kind.from_pretrained = classmethod(lambda cls, *given, **options: None)
    made = _stand_in("torchvision"), _stand_in("torchvision.ops"), _stand_in("torchvision.ops.misc")
    made[2].FrozenBatchNorm2d = type("FrozenBatchNorm2d", (), {})
    names = ("Normalize", "Compose", "RandomResizedCrop", "InterpolationMode", "ToTensor", "Resize", "CenterCrop")
    for module in ("torchvision.datasets", "torchvision.transforms"):
        vars(_stand_in(module)).update({name: type(name, (), {}) for name in names})
    try:
        importlib.import_module("laion_clap")
    finally:
        for kind in kinds:
            del kind.from_pretrained  # the inherited one is back
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
    return importlib.import_module("clap_module.model")


def _quiet() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    warnings.filterwarnings("ignore", category=UserWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)


def _without_compiled_torchaudio() -> None:
    """Have torchaudio believe that it was built without extensions, where they cannot be loaded."""
    if "torchaudio" in sys.modules:
        return
    try:
        importlib.import_module("torchaudio")
    except (OSError, ImportError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
            del sys.modules[name]
        made = _stand_in("torchaudio._extension")
        made._IS_TORCHAUDIO_EXT_AVAILABLE = made._IS_ALIGN_AVAILABLE = False
        made.fail_if_no_align = lambda function: function
        importlib.import_module("torchaudio")


def _stand_in(name: str) -> Any:
    module: Any = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    module.__path__ = []
    module.__version__ = "0"
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], last, module)
    return module
