"""Published models that nawgraph knows: where they are, under which terms, and whether it can run them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """A published checkpoint.

    Attributes:
        name: under which it is installed unless the user says otherwise.
        kind: what it can do, as a `ModelRef` says it.
        hub: its id on the hub; empty where it is not there.
        licence: of the weights, as their authors state it; look there before you rely on it.
        commercial: whether they may be used commercially.
        layout: whose names its weights have, of `checkpoints.LAYOUTS`; empty where nothing here reads them.
        bytes: about how large the file is.
        rate: sample rate, Hz; 0 where that is no mark of it.
        reason: why it cannot be run, or with a layout, why it cannot be fetched as it is; empty where it can.
        file: of the hub's, that holds the weights.
        beside: further files of the hub's that it needs.
    """

    name: str
    kind: str
    hub: str
    licence: str
    commercial: bool
    layout: str
    bytes: int
    rate: int = 0
    reason: str = ""
    file: str = "model.safetensors"
    beside: tuple[str, ...] = ()


_MB = 1_000_000
_GEN = "generator"
_NC, _STABLE = "CC-BY-NC-4.0", "Stability AI Community"
_RESEARCH = "research only, says its author (its code is MIT)"
_FINE_TUNED = ("f7e0c4bc", "d12395a8", "92cfc3b6", "04573f0d")
_NO_PIPELINE = "diffusers has no pipeline for it"
_CONVERT = "its files are not in the form of diffusers: convert them with its script, and add the folder"
_MEDIUM = "stabilityai/stable-audio-3-medium"
_ACE = "ACE-Step/acestep-v15-xl-{}-diffusers"

FAMILIES = (
    Family("dac-44k", "codec", "descript/dac_44khz", "MIT", True, "dac", 307 * _MB, 44_100),
    Family("dac-44k-16kbps", "codec", "", "MIT", True, "dac", 307 * _MB, 44_100, file="weights_44khz_16kbps.pth"),
    Family("dac-24k", "codec", "descript/dac_24khz", "MIT", True, "dac", 299 * _MB, 24_000),
    Family("dac-16k", "codec", "descript/dac_16khz", "MIT", True, "dac", 296 * _MB, 16_000),
    Family("encodec-24k", "codec", "facebook/encodec_24khz", "MIT", True, "encodec", 93 * _MB, 24_000),
    Family("encodec-48k", "codec", "facebook/encodec_48khz", "MIT", True, "encodec", 78 * _MB, 48_000),
    Family("encodec-32k", "codec", "facebook/encodec_32khz", _NC, False, "encodec", 236 * _MB, 32_000),
    Family(
        "oobleck-44k",
        "codec",
        "stabilityai/stable-audio-open-1.0",
        _STABLE,
        False,
        "oobleck",
        624 * _MB,
        44_100,
        file="vae/diffusion_pytorch_model.safetensors",
    ),
    Family("clap-htsat-unfused", "clap", "laion/clap-htsat-unfused", "Apache-2.0", True, "clap", 615 * _MB, 48_000),
    Family("clap-htsat-fused", "clap", "laion/clap-htsat-fused", "Apache-2.0", True, "clap", 615 * _MB, 48_000),
    Family("clap-general", "clap", "laion/larger_clap_general", "Apache-2.0", True, "clap", 776 * _MB, 48_000),
    Family("clap-music", "clap", "laion/larger_clap_music", "Apache-2.0", True, "clap", 776 * _MB, 48_000),
    Family(
        "clap-laion-music",
        "clap",
        "lukewys/laion_clap",
        "not stated (its code is CC0-1.0)",
        False,
        "laion-clap",
        2350 * _MB,
        48_000,
        file="music_audioset_epoch_15_esc_90.14.pt",
    ),
    Family(
        "htdemucs",
        "separator",
        "adefossez/HTDemucs",
        _RESEARCH,
        False,
        "demucs",
        84 * _MB,
        44_100,
        file="955717e8.safetensors",
    ),
    Family(
        "htdemucs-ft",
        "separator",
        "adefossez/HTDemucs-ft",
        _RESEARCH,
        False,
        "demucs-bag",
        337 * _MB,
        44_100,
        file="htdemucs_ft.yaml",
        beside=tuple(f"{sig}.safetensors" for sig in _FINE_TUNED),
    ),
    Family(
        "htdemucs-6s",
        "separator",
        "adefossez/HTDemucs-6s",
        _RESEARCH,
        False,
        "demucs",
        55 * _MB,
        44_100,
        file="5c90dfd2.safetensors",
    ),
    Family(
        "vocos-mel-24k",
        "vocoder",
        "charactr/vocos-mel-24khz",
        "MIT",
        True,
        "vocos",
        54 * _MB,
        24_000,
        file="pytorch_model.bin",
        beside=("config.yaml",),
    ),
    Family(
        "bigvgan-v2-44k",
        "vocoder",
        "nvidia/bigvgan_v2_44khz_128band_512x",
        "MIT",
        True,
        "bigvgan",
        489 * _MB,
        44_100,
        file="bigvgan_generator.pt",
    ),
    Family(
        "discoder",
        "vocoder",
        "ETH-DISCO/discoder",
        "MIT",
        True,
        "discoder",
        1720 * _MB,
        44_100,
        file="model.pt",
    ),
    Family(
        "audioseal",
        "watermark",
        "facebook/audioseal",
        "MIT",
        True,
        "audioseal",
        59 * _MB,
        16_000,
        file="generator_base.pth",
    ),
    Family(
        "audioseal-detector",
        "watermark",
        "facebook/audioseal",
        "MIT",
        True,
        "audioseal-detector",
        35 * _MB,
        16_000,
        file="detector_base.pth",
    ),
    Family("musicgen-small", _GEN, "facebook/musicgen-small", _NC, False, "musicgen", 2360 * _MB, 32_000),
    Family("musicgen-melody", _GEN, "facebook/musicgen-melody", _NC, False, "musicgen-melody", 6200 * _MB, 32_000),
    Family("musicgen-stereo-small", _GEN, "facebook/musicgen-stereo-small", _NC, False, "musicgen", 2400 * _MB, 32_000),
    Family(
        "stable-audio-open",
        _GEN,
        "stabilityai/stable-audio-open-1.0",
        _STABLE,
        False,
        "stable-audio",
        5290 * _MB,
        44_100,
    ),
    Family(
        "stable-audio-open-small",
        _GEN,
        "stabilityai/stable-audio-open-small",
        _STABLE,
        False,
        "",
        1680 * _MB,
        44_100,
        _NO_PIPELINE,
    ),
    Family("stable-audio-3", _GEN, _MEDIUM, _STABLE, False, "stable-audio-3", 10_400 * _MB, 44_100, _CONVERT),
    Family(
        "stable-audio-3-base",
        _GEN,
        f"{_MEDIUM}-base",
        _STABLE,
        False,
        "stable-audio-3",
        10_400 * _MB,
        44_100,
        _CONVERT,
    ),
    Family("ace-step", _GEN, "ACE-Step/ACE-Step-v1-3.5B", "Apache-2.0", True, "", 7700 * _MB, 44_100, _NO_PIPELINE),
    Family("ace-step-1.5", _GEN, "ACE-Step/Ace-Step1.5", "MIT", True, "ace-step", 10_000 * _MB, 48_000, _CONVERT),
    Family("ace-step-1.5-xl-turbo", _GEN, _ACE.format("turbo"), "MIT", True, "ace-step", 11_500 * _MB, 48_000),
    Family("ace-step-1.5-xl-base", _GEN, _ACE.format("base"), "MIT", True, "ace-step", 11_500 * _MB, 48_000),
)
"""In the order in which they are listed. Sizes are rounded. "No" under commercial also stands for conditions."""


def family(name: str) -> Family | None:
    """The family of this name, or of this hub id."""
    return next((f for f in FAMILIES if name in (f.name, f.hub) and name), None)
