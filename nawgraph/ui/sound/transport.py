"""The transport as a value: where the song is, whether it moves, what it repeats. No sound, no clock, no thread."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nawgraph.values import Grid


@dataclass(frozen=True, slots=True)
class Transport:
    """State of the transport. Every method gives a new one.

    Attributes:
        rate: samples a second that `position` and `length` count.
        length: of what plays, in samples.
        position: sample that is heard next, 0 to `length` (beyond it inside a loop that reaches past the end).
        playing: whether it moves.
        loop: bars (first, end), counted from 0, the end excluded; without a grid it stands for all that plays.
        looping: whether the loop is on.
        grid: bars and tempo of what plays, None where it has none.

    Raises:
        ValueError: a rate, length or position that cannot be, or a loop without a bar.
    """

    rate: int = 48_000
    length: int = 0
    position: int = 0
    playing: bool = False
    loop: tuple[int, int] = (0, 4)
    looping: bool = False
    grid: Grid | None = None

    def __post_init__(self) -> None:
        if self.rate < 1 or self.length < 0 or self.position < 0:
            raise ValueError(
                f"a transport needs a rate ≥ 1, a length and a position ≥ 0, got {self.rate}, {self.length}, "
                f"{self.position}"
            )
        first, end = self.loop
        if not 0 <= first < end:
            raise ValueError(f"a loop needs a first bar ≥ 0 and an end after it, got bars {first} to {end}")

    # ------------------------------------------------------------------ moves

    def play(self) -> Transport:
        """Moves; from the start of the loop or the sound if it stood at the end."""
        at_end = self.position >= self.length and not self._inside_loop(self.position)
        return replace(self, playing=True, position=self.start if at_end else self.position)

    def pause(self) -> Transport:
        """Stands where it is."""
        return replace(self, playing=False)

    def toggle(self) -> Transport:
        """Plays or pauses."""
        return self.pause() if self.playing else self.play()

    def stop(self) -> Transport:
        """Stands at the start; at sample 0 if it stood at the loop's start already."""
        start = self.start
        return replace(self, playing=False, position=0 if not self.playing and self.position == start else start)

    def seek(self, position: int) -> Transport:
        """Goes to a sample, as near as there is one."""
        span = self.loop_span
        last = max(self.length, span[1] - 1 if span else 0)
        return replace(self, position=min(max(position, 0), last))

    def seek_bar(self, bar: int) -> Transport:
        """Goes to the start of a bar, counted from 0; without a grid a bar lasts two seconds."""
        return self.seek(self.sample_of_bar(max(bar, 0)))

    def step_bars(self, bars: int) -> Transport:
        """Goes whole bars on (or back: first to the start of the bar that it is in)."""
        bar = self.bar
        if bars < 0 and self.position > self.sample_of_bar(bar):
            bars += 1
        return self.seek_bar(bar + bars)

    def set_loop(self, first: int, end: int) -> Transport:
        """Repeats bars `first` to before `end`, counted from 0.

        Raises:
            ValueError: no bar between them.
        """
        return replace(self, loop=(first, end), looping=True)

    def set_looping(self, on: bool) -> Transport:
        """The loop on or off, its bars kept."""
        return replace(self, looping=on)

    def at(self, position: int, playing: bool | None = None) -> Transport:
        """What the player reports: where it is, and whether it still moves."""
        return replace(self, position=max(position, 0), playing=self.playing if playing is None else playing)

    def carrying(self, length: int, grid: Grid | None = None, rate: int | None = None) -> Transport:
        """The same place in the time of another sound, as near as it has one."""
        new = rate or self.rate
        position = (2 * self.position * new + self.rate) // (2 * self.rate)
        moved = replace(self, rate=new, length=length, grid=grid, position=position)
        return moved.seek(position)

    # ------------------------------------------------------------------ places

    @property
    def start(self) -> int:
        """Where playing begins: the loop's first sample, or 0."""
        span = self.loop_span
        return span[0] if span else 0

    @property
    def loop_span(self) -> tuple[int, int] | None:
        """The loop in samples (first, end), None where it is off or nothing plays."""
        if not self.looping or self.length == 0:
            return None
        if self.grid is None:
            return 0, self.length
        return self.sample_of_bar(self.loop[0]), self.sample_of_bar(self.loop[1])

    @property
    def tick(self) -> int:
        """The grid's tick at the position, 0 without a grid."""
        return self.grid.tick_at(self.position, self.rate) if self.grid else 0

    @property
    def bar(self) -> int:
        """The bar that the position lies in, counted from 0; without a grid a bar lasts two seconds."""
        return self.grid.bar_at(self.tick)[0] if self.grid else self.position // (2 * self.rate)

    def sample_of_bar(self, bar: int) -> int:
        """First sample of a bar, counted from 0."""
        return self.grid.samples(self.grid.bar_start(bar), self.rate) if self.grid else 2 * bar * self.rate

    def _inside_loop(self, position: int) -> bool:
        span = self.loop_span
        return span is not None and position < span[1]

    # ------------------------------------------------------------------ what a display shows

    @property
    def seconds(self) -> float:
        """The position in seconds."""
        return self.position / self.rate

    @property
    def bpm(self) -> float | None:
        """Quarter notes a minute at the position, None without a grid."""
        if self.grid is None:
            return None
        tick = self.tick
        return next(t.bpm for t in reversed(self.grid.tempi) if t.tick <= tick)

    @property
    def meter(self) -> str:
        """The meter at the position, such as ``4/4``, empty without a grid."""
        return str(self.grid.meter_at(self.bar)) if self.grid else ""

    @property
    def bars_text(self) -> str:
        """``bar.beat.tick``, bar and beat counted from 1 and the tick within the beat from 0; empty without a grid."""
        if self.grid is None:
            return ""
        bar, rest = self.grid.bar_at(self.tick)
        beat, tick = divmod(rest, self.grid.meter_at(bar).beat_ticks)
        return f"{bar + 1}.{beat + 1}.{tick:03d}"

    @property
    def clock_text(self) -> str:
        """Minutes, seconds and thousandths, cut off: ``1:07.250``."""
        thousandths = self.position * 1000 // self.rate
        minutes, rest = divmod(thousandths, 60_000)
        return f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}"

    @property
    def text(self) -> str:
        """What the display shows: bars where there is a grid, else the clock."""
        return self.bars_text or self.clock_text
