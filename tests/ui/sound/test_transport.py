"""The transport as a value."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nawgraph.ui.sound import Transport
from nawgraph.values import PPQ, Grid, Meter, Tempo

RATES = st.sampled_from([22_050, 44_100, 48_000, 96_000])


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    bars = draw(st.integers(1, 40))
    tempi = [Tempo(0, draw(st.integers(40_000, 240_000)))]
    if draw(st.booleans()):
        tempi.append(Tempo(draw(st.integers(1, 8)) * PPQ, draw(st.integers(40_000, 240_000))))
    meters = [Meter(0, draw(st.sampled_from([3, 4, 7])), draw(st.sampled_from([4, 8])))]
    if bars > 2 and draw(st.booleans()):
        meters.append(Meter(draw(st.integers(1, bars - 1)), 5, 4))
    return Grid(tuple(tempi), tuple(meters), bars, draw(st.sampled_from([500, 600])))


@st.composite
def transports(draw: st.DrawFn) -> Transport:
    rate, grid = draw(RATES), draw(st.none() | grids())
    length = grid.frames(rate) + draw(st.integers(0, 3 * rate)) if grid else draw(st.integers(0, 10**7))
    first = draw(st.integers(0, 20))
    loop = (first, first + draw(st.integers(1, 20)))
    made = Transport(rate, length, loop=loop, looping=draw(st.booleans()), grid=grid, playing=draw(st.booleans()))
    return made.seek(draw(st.integers(0, max(length, 1))))


@given(transports(), st.integers(0, 60))
def test_seeking_a_bar_shows_the_bar(transport: Transport, bar: int) -> None:
    moved = transport.seek_bar(bar)
    assert moved.position >= 0
    if transport.grid is not None and moved.position == moved.sample_of_bar(bar):
        assert moved.bar == bar
        assert moved.text == f"{bar + 1}.1.000"
    assert moved.playing == transport.playing


@given(transports())
def test_play_pause_and_stop(transport: Transport) -> None:
    moving = transport.play()
    assert moving.playing
    assert moving.position in (transport.position, transport.start)
    assert moving.pause() == replace(moving, playing=False)
    assert transport.toggle().playing != transport.playing
    stood = moving.stop()
    assert not stood.playing
    assert stood.position == transport.start
    assert stood.stop().position == 0
    assert stood.stop().stop() == stood.stop() or transport.start > 0


@given(transports(), st.integers(0, 30), st.integers(1, 30))
def test_the_loop_lies_on_bars(transport: Transport, first: int, bars: int) -> None:
    looped = transport.set_loop(first, first + bars)
    assert looped.looping
    span = looped.loop_span
    if transport.length == 0:
        assert span is None
    elif transport.grid is None:
        assert span == (0, transport.length)
    else:
        grid = transport.grid
        assert span == tuple(grid.samples(grid.bar_start(bar), transport.rate) for bar in (first, first + bars))
    off = looped.set_looping(False)
    assert off.loop_span is None
    assert off.loop == (first, first + bars)


@given(transports(), st.integers(-10, 10))
def test_steps_stay_within(transport: Transport, bars: int) -> None:
    moved = transport.step_bars(bars)
    last = max(transport.length, transport.loop_span[1] - 1 if transport.loop_span else 0)
    assert 0 <= moved.position <= last
    if bars < 0:
        assert moved.position <= transport.position


@given(transports(), RATES)
def test_another_rate_keeps_the_time(transport: Transport, rate: int) -> None:
    length = round(transport.length * rate / transport.rate) + 1
    other = transport.carrying(length, transport.grid, rate)
    assert other.seconds == pytest.approx(transport.seconds, abs=2 / min(rate, transport.rate))


def test_the_display_follows_tempo_and_meter() -> None:
    grid = Grid((Tempo(0, 120_000), Tempo(8 * PPQ, 60_000)), (Meter(0, 4, 4), Meter(2, 6, 8)), 4)
    at = Transport(48_000, grid.frames(48_000), grid=grid)
    assert (at.text, at.bpm, at.meter) == ("1.1.000", 120.0, "4/4")
    assert at.seek(24_000 * 5 + 12_000).text == "2.2.480"
    later = at.seek_bar(2).seek(24_000 * 8 + 24_000)
    assert (later.text, later.bpm, later.meter) == ("3.2.000", 60.0, "6/8")
    assert at.seek_bar(3).step_bars(-1).bar == 2
    assert at.seek(at.seek_bar(3).position + 100).step_bars(-1).bar == 3


def test_without_a_grid_there_is_a_clock() -> None:
    at = Transport(44_100, 10_000_000).seek(67 * 44_100 + 11_025)
    assert (at.text, at.bpm, at.meter) == ("1:07.250", None, "")
    assert at.seek_bar(3).position == 6 * 44_100


def test_at_the_end_it_plays_from_the_start() -> None:
    grid = Grid.of(120, 8)
    end = Transport(48_000, grid.frames(48_000), grid=grid).seek(10**9)
    assert end.position == end.length
    assert end.play().position == 0
    assert end.set_loop(2, 4).play().position == end.sample_of_bar(2)
    beyond = end.set_loop(6, 12)
    assert beyond.play().position == end.length
    assert beyond.at(5, False).position == 5


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="bars 4 to 4"):
        Transport().set_loop(4, 4)
    with pytest.raises(ValueError, match="rate"):
        Transport(rate=0)
