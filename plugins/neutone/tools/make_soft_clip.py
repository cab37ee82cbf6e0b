"""Make the model of the example: ``python make_soft_clip.py FOLDER``. A soft clipper whose knob is its drive."""

import sys
import tempfile
import zipfile
from pathlib import Path

from nawgraph_neutone.models import sdk


def make(target: Path) -> None:
    """Write a ``.nm`` file of a clipper that works at 48 kHz and in blocks of 512 frames."""
    utils, base, parameter = sdk("utils"), sdk("wavform_to_wavform"), sdk("parameter")
    import torch

    class Clip(torch.nn.Module):
        def forward(self, x: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
            return torch.tanh(x * (1.0 + 9.0 * drive))

    class Wrapper(base.WaveformToWaveformBase):
        def get_model_name(self) -> str:
            return "soft.clip"

        def get_model_authors(self) -> list[str]:
            return ["nawgraph"]

        def get_model_short_description(self) -> str:
            return "A soft clipper."

        def get_model_long_description(self) -> str:
            return "The hyperbolic tangent of the sound, louder before it by a knob."

        def get_technical_description(self) -> str:
            return "tanh(x * (1 + 9 * drive))"

        def get_technical_links(self) -> dict[str, str]:
            return {}

        def get_tags(self) -> list[str]:
            return ["distortion"]

        def get_model_version(self) -> str:
            return "1.0.0"

        def is_experimental(self) -> bool:
            return False

        def get_citation(self) -> str:
            return ""

        def get_neutone_parameters(self) -> list:
            return [parameter.ContinuousNeutoneParameter("drive", "how much louder before clipping", 0.25)]

        @torch.jit.export
        def is_input_mono(self) -> bool:
            return False

        @torch.jit.export
        def is_output_mono(self) -> bool:
            return False

        @torch.jit.export
        def get_native_sample_rates(self) -> list[int]:
            return [48000]

        @torch.jit.export
        def get_native_buffer_sizes(self) -> list[int]:
            return [512]

        def do_forward_pass(self, x: torch.Tensor, params: dict[str, torch.Tensor]) -> torch.Tensor:
            return self.model.forward(x, params["drive"])

    with tempfile.TemporaryDirectory() as folder:
        utils.save_neutone_model(
            Wrapper(Clip()), Path(folder), speed_benchmark=False, test_offline_mode=False, audio_sample_pairs=[]
        )
        _packed(Path(folder) / "model.nm", target)


def _packed(source: Path, target: Path) -> None:
    """The same model a tenth as large: compressed, and without the places in its source that debuggers ask for."""
    with zipfile.ZipFile(source) as big, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as small:
        for name in big.namelist():
            if not name.endswith(".debug_pkl"):
                small.writestr(zipfile.ZipInfo(name), big.read(name), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    make(Path(sys.argv[1]) / "soft_clip.nm")
