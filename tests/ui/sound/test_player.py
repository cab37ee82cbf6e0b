"""The player, block by block: what plays steadily is the sound itself, and nothing that changes clicks."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from player_sounds import RATE, noise, playing, sine, steps

from nawgraph.audio.levels import mix as summed
from nawgraph.audio.resample import resample
from nawgraph.ui.sound import MemoryOutput, Mix, Player
from nawgraph.ui.sound.player import FADE, SWITCH
from nawgraph.values import Audio, Stems

FADED = round(FADE * RATE)
SWITCHED = round(SWITCH * RATE)


@given(st.integers(1, 60_000), st.integers(16, 3000), st.integers(1, 2))
def test_plays_exactly_the_sound_then_stands(frames: int, block: int, channels: int) -> None:
    x = noise(frames, channels=channels)
    player, out = playing(Audio(x, RATE), block=block)
    heard = out.pull(frames + 1000)
    assert np.array_equal(heard[:, :frames], np.broadcast_to(x, (2, frames)))
    assert not heard[:, frames:].any()
    assert not player.playing
    assert player.position == frames


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=30))
def test_position_is_the_sum_of_all_blocks(blocks: list[int]) -> None:
    player, _ = playing(Audio(noise(130_000), RATE))
    for n in blocks:
        player.feed()
        player.block(n)
    assert player.position == sum(blocks)


@given(st.integers(1, 40_000), st.integers(16, 2000))
def test_pause_and_play_lose_nothing(at: int, block: int) -> None:
    """The fade out lies after the pause, the fade in before it: from the place of the pause on all is exact."""
    x = noise(80_000)
    player, out = playing(Audio(x, RATE), block=block)
    before = out.pull(at)
    player.pause()
    pause = out.pull(3000)
    assert player.position == at
    assert not pause[:, FADED:].any()
    player.play()
    lead = min(FADED, at)
    after = out.pull(20_000)
    assert np.array_equal(before, x[:, :at])
    assert np.array_equal(after[:, lead:], x[:, at : at + 20_000 - lead])
    assert player.position == at + 20_000 - lead


def test_pause_and_play_do_not_click() -> None:
    x = sine(RATE)
    player, out = playing(Audio(x, RATE), block=64)
    parts = [out.pull(10_047)]
    player.pause()
    parts.append(out.pull(2000))
    player.play()
    parts.append(out.pull(5000))
    player.seek(31_234)
    parts.append(out.pull(5000))
    player.stop()
    parts.append(out.pull(2000))
    assert steps(np.concatenate(parts, axis=1)) <= steps(x) + 0.5 / FADED
    assert player.position == 0


def test_seek_is_exact_after_its_fade() -> None:
    x = noise(90_000)
    player, out = playing(Audio(x, RATE))
    out.pull(5120)
    player.seek(50_000)
    assert player.position == 50_000
    heard = out.pull(4096)
    assert np.array_equal(heard[:, FADED:], x[:, 50_000 : 50_000 + 4096 - FADED])
    player.pause()
    player.seek(10**9)
    out.pull(1024)
    assert player.position == 90_000


@given(st.integers(0, 5000), st.integers(960, 20_000), st.integers(16, 3000))
def test_loop_repeats_sample_by_sample(start: int, length: int, block: int) -> None:
    """The period is exact; all but the last 5 ms of each round are the sound's own samples."""
    x = noise(40_000)
    _, out = playing(Audio(x, RATE), start, block=block, loop=(start, start + length))
    lead = min(FADED, start)
    heard = out.pull(lead + 4 * length)[:, lead:]
    for turn in range(4):
        part = heard[:, turn * length : (turn + 1) * length]
        assert np.array_equal(part[:, : length - FADED], x[:, start : start + length - FADED])
        assert turn == 0 or np.array_equal(part[:, -FADED:], heard[:, length - FADED : length])


def test_a_loop_that_closes_by_itself_is_exact_to_the_last_sample() -> None:
    x = sine(RATE, 100.0)  # 480 samples a period
    _, out = playing(Audio(x, RATE), loop=(0, 9600))
    assert np.array_equal(out.pull(28_800), np.tile(x[:, :9600], 3))


def test_a_loop_that_does_not_close_does_not_click() -> None:
    x = sine(RATE, 100.0)
    _, out = playing(Audio(x, RATE), 4800, loop=(4800, 4800 + 9720))  # a quarter period too long: a step of 0.5
    heard = out.pull(60_000)
    assert steps(heard) <= steps(x) + 1.0 / FADED
    assert np.array_equal(heard[:, FADED + 9720 : FADED + 9720 + 4800], x[:, 4800:9600])  # the beat keeps its attack


def test_a_loop_past_the_end_keeps_its_time() -> None:
    x = noise(10_000)
    player, out = playing(Audio(x, RATE), loop=(0, 12_000))
    heard = out.pull(24_000)
    assert np.array_equal(heard[:, 12_000 : 12_000 + 9000], x[:, :9000])
    assert not heard[:, 10_000:12_000].any()
    assert player.playing


def test_a_position_behind_the_loop_plays_on() -> None:
    x = noise(40_000)
    player, out = playing(Audio(x, RATE), 20_000, loop=(0, 9600))
    out.pull(30_000)
    assert not player.playing
    assert player.position == 40_000
    player.play()
    assert player.position == 0


def test_a_new_result_takes_over_at_the_same_sample() -> None:
    a, b = noise(60_000, 1), noise(60_000, 2)
    player, out = playing(Audio(a, RATE))
    out.pull(10_240)
    player.load(Audio(b, RATE))
    heard = out.pull(10_240)
    assert np.array_equal(heard[:, SWITCHED:], b[:, 10_240 + SWITCHED : 20_480])
    rise = np.arange(1, SWITCHED + 1) / (SWITCHED + 1)
    faded = a[:, 10_240 : 10_240 + SWITCHED] * (1 - rise) + b[:, 10_240 : 10_240 + SWITCHED] * rise
    assert heard[:, :SWITCHED] == pytest.approx(faded, abs=1e-6)
    assert player.position == 20_480


def test_taking_over_steps_no_further_than_the_sounds_do() -> None:
    a, b = sine(60_000, 220.0), sine(60_000, 331.0)
    player, out = playing(Audio(a, RATE), block=100)
    parts = [out.pull(10_000)]
    player.load(Audio(b, RATE))
    parts.append(out.pull(10_000))
    assert steps(np.concatenate(parts, axis=1)) <= max(steps(a), steps(b)) + 1.0 / SWITCHED


def test_the_same_result_again_is_not_heard_to_change() -> None:
    x = noise(60_000)
    player, out = playing(Audio(x, RATE), loop=(0, 20_000))
    parts = [out.pull(10_240)]
    player.load(Audio(x.copy(), RATE))
    parts.append(out.pull(9000 - 240))
    assert np.concatenate(parts, axis=1) == pytest.approx(x[:, :19_000], abs=1e-7)


def test_changes_in_the_middle_of_a_fade_wait_for_its_end() -> None:
    a, b, c = sine(RATE, 200), sine(RATE, 300), sine(RATE, 400)
    player, out = playing(Audio(a, RATE), block=32)
    parts = [out.pull(5000)]
    for sound in (b, c, a, b):
        player.load(Audio(sound, RATE))
        parts.append(out.pull(96))
    parts.append(out.pull(4000))
    heard = np.concatenate(parts, axis=1)
    assert steps(heard) <= steps(c) + 1.0 / SWITCHED
    assert np.array_equal(heard[:, -1000:], b[:, heard.shape[1] - 1000 : heard.shape[1]])


def test_a_shorter_result_ends_and_a_longer_one_does_not_begin_by_itself() -> None:
    player, out = playing(Audio(noise(30_000), RATE))
    out.pull(20_480)
    player.load(Audio(noise(10_000), RATE))
    assert not out.pull(4096)[:, SWITCHED:].any()
    assert not player.playing
    player.load(Audio(noise(90_000), RATE))
    assert not out.pull(4096).any()
    player.load(None)
    assert not out.pull(512).any()
    assert player.length == 0


@given(st.sampled_from([8000, 22_050, 44_100, 96_000, 44_101]), st.integers(1, 3))
def test_another_rate_is_resampled_page_by_page_as_a_whole(rate: int, channels: int) -> None:
    x = noise(rate, channels=channels)
    whole = resample(x[:2], rate, RATE)
    _, out = playing(Audio(x, rate), block=2048)
    heard = out.pull(whole.shape[1])
    assert heard == pytest.approx(np.broadcast_to(whole, heard.shape), abs=2e-5)


def test_surround_is_folded_down_and_what_is_no_number_is_silent() -> None:
    x = noise(4000, channels=6)
    x[0, 100], x[1, 200] = np.nan, np.inf
    _, out = playing(Audio(x, RATE))
    heard = out.pull(4000)
    assert np.isfinite(heard).all()
    assert heard[0, 1000] == pytest.approx(x[0, 1000] + 0.5**0.5 * (x[2, 1000] + x[4, 1000]), abs=1e-6)


def test_a_mapped_file_is_read_ahead_and_not_in_the_callback(tmp_path: Path) -> None:
    x = noise(400_000)
    path = tmp_path / "sound"
    path.write_bytes(x.tobytes())
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    sound = Audio(np.frombuffer(mapped, np.float32).reshape(2, -1), RATE)
    player, out = playing(sound)
    assert np.array_equal(out.pull(100_352), x[:, :100_352])
    assert player.starved == 0
    deck = player._aim.deck
    assert deck is not None
    pages = deck.tapes[0]._pages
    assert not any(np.shares_memory(page, sound.samples) for page in pages.values())


def test_without_a_feeder_it_waits_in_silence_and_loses_nothing() -> None:
    rate = 44_100
    x = noise(rate * 20)
    player, out = playing(Audio(x, rate))
    parts = [out.pull(512)]
    while not player.starved:
        parts.append(player.block(512))
    place = player.position
    assert not player.block(512).any()
    assert player.position == place
    player.feed()
    lead = FADED
    heard = out.pull(5120)
    whole = resample(x, rate, RATE)
    assert heard[:, lead:] == pytest.approx(whole[:, place : place + 5120 - lead], abs=2e-5)


def test_old_pages_are_let_go() -> None:
    player, out = playing(Audio(noise(RATE * 200), 44_100), block=8192)
    out.pull(RATE * 150)
    deck = player._aim.deck
    assert deck is not None
    assert len(deck.tapes[0]._pages) < 230
    player.seek(100)
    assert out.pull(9000)[:, 4000:].any()
    assert player.starved == 0


# -------------------------------------------------------------------------------------- stems


def _stems(frames: int = 40_000) -> Stems:
    return Stems.of({name: Audio(noise(frames, i), RATE) for i, name in enumerate(("drums", "bass", "vocals"))})


def test_stems_play_as_their_sum() -> None:
    stems = _stems()
    _, out = playing(stems)
    assert np.array_equal(out.pull(40_000), summed([a.samples for a in stems.audios], RATE))


def test_solo_mute_and_gain_move_smoothly() -> None:
    wave = sine(60_000)
    stems = Stems.of({"drums": Audio(wave, RATE), "bass": Audio(np.zeros_like(wave), RATE)})
    player, out = playing(stems, block=333)
    parts = [out.pull(4995)]
    for change in (
        lambda m: m.toggle_mute("drums"), lambda m: m.toggle_mute("drums"), lambda m: m.toggle_solo("bass"),
        lambda m: m.toggle_solo("bass"), lambda m: m.turned("drums", 0.25),
    ):  # fmt: skip
        player.mix = change(player.mix)
        parts.append(out.pull(3330))
    heard = np.concatenate(parts, axis=1)
    assert steps(heard) <= steps(wave) + 0.5 / (0.01 * RATE)
    assert not parts[1][:, 500:].any()
    assert not parts[3][:, 500:].any()
    assert np.array_equal(parts[4][:, 500:], wave[:, 4995 + 3 * 3330 + 500 : 4995 + 4 * 3330])
    assert parts[5][:, 500:] == pytest.approx(0.25 * wave[:, 4995 + 4 * 3330 + 500 : 4995 + 5 * 3330])


def test_solo_goes_before_mute_and_sound_without_stems_always_plays() -> None:
    mix = Mix({"bass": 0.5}, frozenset({"drums"}), frozenset({"drums"}))
    assert mix.gain("drums") == 1
    assert mix.gain("bass") == 0
    assert mix.gain("") == 1
    assert mix.toggle_solo("drums").gain("bass") == 0.5
    assert mix.toggle_solo("drums").gain("drums") == 0


def test_volume_and_mute_of_the_monitor_are_smooth_and_leave_the_meter_alone() -> None:
    wave = sine(RATE)
    player, out = playing(Audio(wave, RATE), block=256)
    out.pull(20_480)
    peak = player.levels.peak
    player.muted = True
    heard = out.pull(2048)
    assert steps(heard) <= steps(wave) + 0.5 / (0.01 * RATE)
    assert not heard[:, 600:].any()
    assert player.levels.peak == pytest.approx(peak, abs=0.1)
    player.muted, player.volume = False, 0.5
    out.pull(1024)
    assert np.array_equal(out.pull(512), wave[:, 23_552:24_064] * np.float32(0.5))


def test_another_output_rate_keeps_the_place() -> None:
    x = sine(96_000, rate=RATE)
    player, out = playing(Audio(x, RATE), loop=(0, 90_000))
    out.pull(24_064)
    player.set_rate(24_000)
    assert player.position == 12_032
    assert player.playing
    heard = MemoryOutput(player).pull(2048)
    lead = round(FADE * 24_000)
    assert heard[:, lead:] == pytest.approx(x[:, 24_064 : 24_064 + 2 * (2048 - lead) : 2], abs=1e-3)


def test_another_output_rate_amid_measuring_leaves_the_feeder_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    player, _ = playing(Audio(noise(20_000), RATE))
    for _ in range(3):
        player.block(512)
    monkeypatch.setattr(player.meter, "feed", lambda block: player.set_rate(44_100))
    player.feed()  # the output went over between two blocks that were heard
    assert player.rate == 44_100


def test_the_feeder_thread_serves_commands_and_ends() -> None:
    said: list[str] = []
    player = Player(RATE, said.append)
    player.start()
    player.load(Audio(noise(90_000), RATE))
    player.play()
    for _ in range(2000):
        if player.block(64).any():
            break
        player._wake.wait(0.005)
    assert player.position > 0
    player.close()
    assert said == []
