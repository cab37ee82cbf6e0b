"""Sound files in and out: every format there and back, and every way in which a file can be wrong."""

from __future__ import annotations

import io
import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_signals import RATE, noise, sine

from nawgraph.audio import files
from nawgraph.audio.encode import FORMATS, encode
from nawgraph.values import Audio

CASES = [(name, width) for name, form in FORMATS.items() for width in form.subtypes]


def tone(channels: int = 2, rate: int = RATE, seconds: float = 0.7) -> Audio:
    return Audio(sine(440, seconds, -6, rate, channels), rate)


@pytest.mark.parametrize(("name", "width"), CASES)
def test_there_and_back(tmp_path: Path, name: str, width: str) -> None:
    sound = tone()
    back = files.read(files.write(tmp_path / f"a.{name}", sound, subtype=width))
    if name == "opus":
        assert back.rate == 48000
        sound = tone(rate=48000)
    assert back.samples.shape == sound.samples.shape
    error = np.abs(back.samples - sound.samples)[:, 4800:-4800].max()
    assert error <= {"24": 2**-24, "16": 2**-15 * 1.51, "32-float": 0}.get(width, 0.02)


@pytest.mark.parametrize(("name", "width"), CASES)
def test_equal_sound_gives_equal_bytes(name: str, width: str) -> None:
    first = encode(tone(), name, width)
    assert encode(tone(), name, width) == first
    assert b"PEAK" not in first[:200]  # holds the time of writing
    if name in ("ogg", "opus"):
        assert struct.unpack_from("<I", first, 14) == (1,)  # the serial number, else random


def test_dither_is_triangular_white_and_follows_its_seed() -> None:
    still = Audio(np.full((1, 100_000), 0.25 / 32768, np.float32))
    read = soundfile.read(io.BytesIO(encode(still, "wav", "16", seed=3)), dtype="int16")[0].astype(float)
    error = read - 0.25
    assert abs(error.mean()) < 0.01  # no bias: a quarter of a step survives in 16 bit
    assert error.var() == pytest.approx(1 / 6 + 1 / 12, rel=0.03)  # two uniform dithers and the rounding
    assert abs(np.corrcoef(error[1:], error[:-1])[0, 1]) < 0.02
    assert encode(still, "wav", "16", seed=3) != encode(still, "wav", "16", seed=4)


def test_integer_formats_clip_instead_of_wrapping() -> None:
    loud = Audio(np.array([[1.5, -1.5, 1.0, -1.0]], np.float32))
    for width in ("16", "24"):
        x = soundfile.read(io.BytesIO(encode(loud, "wav", width)))[0]
        assert x[0] > 0.999
        assert x[1] == -1
        assert x[2] > 0.999
        assert x[3] < -0.999


@pytest.mark.parametrize(
    ("subtype", "rate", "channels"),
    [("PCM_U8", 8000, 1), ("FLOAT", 44100, 2), ("DOUBLE", 96000, 2), ("PCM_24", 96000, 6), ("ULAW", 8000, 1)],
)
def test_unusual_wavs_load(tmp_path: Path, subtype: str, rate: int, channels: int) -> None:
    x = sine(300, 0.2, -6, rate, channels)
    soundfile.write(tmp_path / "a.wav", x.T, rate, subtype)
    back = files.read(tmp_path / "a.wav")
    assert (back.rate, back.samples.shape) == (rate, x.shape)
    assert np.abs(back.samples - x).max() < 0.03


def test_aiff_loads(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.aiff", sine(300, 0.2, channels=2).T, RATE)
    assert files.read(tmp_path / "a.aiff").channels == 2


def test_content_decides_not_the_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(encode(tone(), "flac"))
    assert np.array_equal(files.read(tmp_path / "a.mp3").samples, files.read(_put(tmp_path, encode(tone()))).samples)


def _put(folder: Path, data: bytes, name: str = "x.wav") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("name", ["wav", "flac", "ogg", "opus"])
def test_truncated_files_say_so(tmp_path: Path, name: str) -> None:
    data = encode(Audio(noise(1.0)), name)
    for share in (0.02, 0.5, 0.97):
        path = _put(tmp_path, data[: int(len(data) * share)], f"x.{name}")
        with pytest.raises(ValueError, match=rf"x\.{name} is (truncated|not readable)"):
            files.read(path)


def test_an_ogg_file_that_counts_from_later_on_is_whole(tmp_path: Path) -> None:
    """Files that were cut out of longer ones have the times of those; players play them, and so do we."""
    data = bytearray(encode(Audio(noise(2.0)), "ogg"))
    at = 0
    while at < len(data):
        size = 27 + data[at + 26] + sum(data[at + 27 : at + 27 + data[at + 26]])
        granule = int.from_bytes(data[at + 6 : at + 14], "little")
        if granule:
            data[at + 6 : at + 14] = (granule + 6_000).to_bytes(8, "little")
        data[at + 22 : at + 26] = bytes(4)
        data[at + 22 : at + 26] = _checksum(data[at : at + size]).to_bytes(4, "little")
        at += size
    assert abs(files.read(_put(tmp_path, bytes(data), "x.ogg")).seconds - 2.0) < 0.3


def _checksum(page: bytes) -> int:
    """The checksum of an Ogg page (RFC 3533)."""
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1) ^ (0x04C11DB7 if found & 0x80000000 else 0)
        found &= 0xFFFFFFFF
    return found


def test_a_short_mp3_is_measured_against_its_own_note(tmp_path: Path) -> None:
    whole = encode(Audio(noise(1.0)), "mp3")
    for share in (0.9, 0.6):
        (tmp_path / "x.mp3").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ValueError, match=r"x\.mp3 is truncated \(\d+ of \d+ bytes of sound are missing\)"):
            files.read(tmp_path / "x.mp3")
    (tmp_path / "x.mp3").write_bytes(whole[:40])
    with pytest.raises(ValueError, match=r"x\.mp3 is (truncated|not readable: .*no whole frame)"):
        files.read(tmp_path / "x.mp3")


def test_truncated_mp3_never_crashes(tmp_path: Path) -> None:
    data = encode(Audio(noise(1.0)), "mp3")
    for end in (1, 10, 100, 1000, len(data) // 2):
        try:
            assert files.read(_put(tmp_path, data[:end], "x.mp3")).channels == 2
        except ValueError as error:
            assert "x.mp3" in str(error)


def test_streamed_wav_with_unknown_length_loads(tmp_path: Path) -> None:
    data = bytearray(encode(tone(), "wav", "16"))
    at = data.index(b"data")
    data[at + 4 : at + 8] = data[4:8] = b"\xff\xff\xff\xff"
    assert files.read(_put(tmp_path, bytes(data))).frames == tone().frames


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"hello, I am text\n" * 50, "holds no sound of a known kind"),
        (b"MThd" + bytes(100), "MIDI file"),
        (b"RIFF\x24\0\0\0WAVEfmt \xff\xff\xff\x7f" + bytes(40), "truncated"),
        (b"fLaC" + bytes(50), "damaged"),
        (b"OggS" + bytes(50), "truncated|damaged"),
    ],
)
def test_what_is_no_sound_says_so(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        files.read(_put(tmp_path, data))
    assert "x.wav" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        files.read(tmp_path / "no.wav")
    with pytest.raises(ValueError, match="is a folder"):
        files.read(tmp_path)


def test_nan_in_a_float_file_names_the_second(tmp_path: Path) -> None:
    x = sine(440, 2.0)
    x[0, 66150] = np.nan
    soundfile.write(tmp_path / "x.wav", x.T, RATE, "FLOAT")
    with pytest.raises(ValueError, match=r"x\.wav .* 1\.500 s"):
        files.read(tmp_path / "x.wav")
    with pytest.raises(ValueError, match=r"1\.500 s"):
        encode(Audio(x))


def test_no_frames_there_and_back(tmp_path: Path) -> None:
    silent = Audio(np.zeros((2, 0), np.float32))
    assert files.read(files.write(tmp_path / "a.wav", silent)).samples.shape == (2, 0)


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _put(tmp_path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ValueError, match=r"x\.wav cannot be written: the disk is full"):
        files.write(path, tone())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the folder .*no does not exist"):
        files.write(tmp_path / "no" / "a.wav", tone())
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ValueError, match="is not a folder"):
        files.write(tmp_path / "file" / "a.wav", tone())
    (tmp_path / "dir.wav").mkdir()
    with pytest.raises(ValueError, match="cannot be written"):
        files.write(tmp_path / "dir.wav", tone())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dir.wav", "file"]


def test_wrong_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no suffix of a sound file"):
        files.write(tmp_path / "a.xyz", tone())
    with pytest.raises(ValueError, match="unknown file format 'aac'"):
        encode(tone(), "aac")
    with pytest.raises(ValueError, match="no width '32-float'"):
        encode(tone(), "flac", "32-float")
    with pytest.raises(ValueError, match="at most 2 channels"):
        encode(tone(6), "mp3")
    with pytest.raises(ValueError, match="quality"):
        encode(tone(), "ogg", quality=2)


@pytest.mark.parametrize("name", ["ogg", "opus", "mp3"])
def test_better_quality_makes_larger_files(name: str) -> None:
    sizes = [len(encode(Audio(noise(1.0)), name, quality=q)) for q in (0, 0.4, 1)]
    assert sizes == sorted(set(sizes))


def test_mp3_takes_any_rate() -> None:
    data = encode(tone(rate=96000), "mp3")
    assert soundfile.info(io.BytesIO(data)).samplerate == 44100


def test_an_mp3_may_end_a_little_before_its_header_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As files without an exact header do, whose length is estimated from their size."""
    path = _put(tmp_path, encode(Audio(noise(3.0)), "mp3"), "x.mp3")
    whole = files.read(path)
    true = soundfile.SoundFile.frames.fget
    for more, fails in ((0.9, False), (1.6, True)):
        monkeypatch.setattr(soundfile.SoundFile, "frames", property(lambda f, more=more: true(f) + round(more * RATE)))
        if fails:
            with pytest.raises(ValueError, match=r"x\.mp3 is truncated \(3\.\d\d s of 4\.\d\d s\)"):
                files.read(path)
        else:
            assert np.array_equal(files.read(path).samples, whole.samples)


def test_a_file_too_long_for_the_memory_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _put(tmp_path, encode(Audio(noise(2.0)), "wav"))
    monkeypatch.setattr(files, "available", lambda: 1000)
    with pytest.raises(ValueError, match=r"x\.wav lasts 0 minutes and needs 0\.0 GiB of memory, .* cut it into parts"):
        files.read(path)


def test_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _put(tmp_path, encode(Audio(noise(1.0)), "flac"), "x.flac")
    whole = files.read(path)
    monkeypatch.setattr(files, "_BLOCK", 1000)
    assert np.array_equal(files.read(path).samples, whole.samples)


M4A_HEAD = b"\0\0\0\x20ftypM4A "


def test_an_m4a_needs_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"x\.m4a is an MP4 or M4A file, which nawgraph reads by the program ffmpeg"):
        files.read(_put(tmp_path, M4A_HEAD + bytes(200), "x.m4a"))


def test_ffmpeg_reads_an_m4a_and_refuses_a_damaged_one(tmp_path: Path) -> None:
    sound = Audio(noise(1.0), RATE)
    wav = _put(tmp_path, encode(sound, "wav"))
    made = tmp_path / "it's ünusual %d.m4a"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(wav), "-c:a", "alac", f"file:{made}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    found = files.read(made)
    assert (found.rate, found.channels, found.frames) == (RATE, 2, sound.frames)
    assert np.abs(found.samples - np.clip(sound.samples, -1, 1)).max() < 1e-3
    with pytest.raises(ValueError, match=r"x\.m4a holds no sound that can be decoded \(ffmpeg says: "):
        files.read(_put(tmp_path, M4A_HEAD + bytes(200), "x.m4a"))
