"""Course tracks, reaction clocks and follow-up windows as SVG: no inline style and no script, so they also print.

Widths are percentages of the drawing, so one drawing fits every column. Colours come from the classes in
`drawings.css`, hatches from the patterns in `templates/clinic/_defs.html`.
"""

from collections.abc import Sequence
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

TICK_WIDTH = 14  # pixels a session, in a small track with room to spare
GAP = 0.13  # of a tick's share, left free between two ticks
MOST_TRACKS = 2_000  # that are remembered: courses are 1 to 30 sessions long, and lists show many alike
HEADROOM = 1.15  # a clock is this much longer than what it shows, so that its end is seen


@lru_cache(MOST_TRACKS)
def track_svg(
    *,
    done: int,
    planned: int,
    minimum: int,
    milestones: tuple[int, ...],
    label: str,
    large: bool = False,
    goes_on: bool = True,
) -> SafeString:
    """Return one tick a session, up to `planned` or what was done beyond it: milestones and the last are taller.

    Of a course that does not go on, no tick is the next. `minimum` is the course's planned end; what lies above it is
    optional and hatched. 0 means none is optional.
    """
    total = max(done, planned, 1)
    last = minimum if 0 < minimum < total else total
    tall = {*milestones, last}
    low, high = (14, 26) if large else (6, 12)
    share = 100 / total
    ticks = format_html_join(
        "",
        '<rect {} x="{}%" y="{}" width="{}%" height="{}" rx="{}"/>',
        (
            (
                tick_look(number, done=done, planned=planned if goes_on else done, last=last),
                figure((number - 1) * share),
                0 if number in tall else high - low,
                figure(share * (1 - GAP)),
                high if number in tall else low,
                3 if large else 2,
            )
            for number in range(1, total + 1)
        ),
    )
    return format_html(
        '<svg class="track" role="img" aria-label="{}" width="{}" height="{}">{}</svg>',
        label,
        "100%" if large else min(total, 20) * TICK_WIDTH,
        high,
        ticks,
    )


def tick_look(number: int, *, done: int, planned: int, last: int) -> SafeString:
    """Return the class of session `number`: done, next, to come, or optional (which has a hatch, not a fill)."""
    if number <= done:
        return SafeString('class="tick-done"')
    if number > last:
        return SafeString('class="tick-optional" fill="url(#hatch-optional)"')
    if number == done + 1 and number <= planned:
        return SafeString('class="tick-next"')
    return SafeString('class="tick-to-come"')


def clock_svg(*, elapsed: float, maximum: float | None, running: bool, urgent: bool = False, label: str) -> SafeString:
    """Return a bar from onset to now (or to when it went), a tick at the expected maximum, hatched past it.

    `elapsed` and `maximum` count in the same unit. Without a maximum the whole bar is filled.
    """
    elapsed = max(elapsed, 0)
    scale = max(elapsed, maximum or 0) * HEADROOM or 1
    inside = 100.0 if maximum is None else min(elapsed, maximum) / scale * 100
    parts = [bar("bar-base", 0, 100), bar(fill_class(elapsed, maximum, running=running, urgent=urgent), 0, inside)]
    if maximum is not None:
        if elapsed > maximum:
            parts.append(
                format_html(
                    '<rect fill="url(#hatch-prolonged)" x="{}%" y="3" width="{}%" height="8" rx="2"/>',
                    figure(inside),
                    figure((elapsed - maximum) / scale * 100),
                )
            )
        parts.append(now_tick(maximum / scale))
    return drawing("clock", label, parts)


def fill_class(elapsed: float, maximum: float | None, *, running: bool, urgent: bool) -> str:
    """Return the class of the part inside the expected time."""
    if running:
        return "bar-urgent" if urgent or maximum is None else "bar-running"
    return "bar-in-time" if maximum is not None and elapsed <= maximum else "bar-resolved"


def window_svg(*, start: float, end: float, today: float, label: str) -> SafeString:
    """Return the follow-up window on its bar, with today's tick. All three are fractions of the bar, 0 to 1."""
    start, end, today = (min(max(part, 0.0), 1.0) for part in (start, end, today))
    window = bar("bar-window", start * 100, max(end - start, 0) * 100)
    return drawing("window", label, [bar("bar-base", 0, 100), window, now_tick(today)])


def share_svg(share: float, *, label: str, pressing: bool = False) -> SafeString:
    """Return what is left of a whole, `share` from 0 to 1, as a bar on its ground."""
    width = min(max(share, 0.0), 1.0) * 100
    left = [bar("bar-low" if pressing else "bar-left", 0, width)] if width else []
    return drawing("share", label, [bar("bar-base", 0, 100), *left])


def interval_svg(
    *,
    lower: float,
    middle: float | None,
    upper: float,
    own: float | None,
    most: float,
    label: str,
    above: bool = False,
) -> SafeString:
    """Return an interval as a line with end caps, the measured value as a dot, and the clinic's own as a tall line.

    All are shares from 0 to 1; the axis goes from 0 to `most`. What ends beyond it runs into the edge, without a cap.
    """
    name = "interval-above" if above else "interval-line"
    start, end = (min(share / most, 1) * 100 for share in (lower, upper))
    parts = [
        SafeString('<rect class="interval-axis" x="0" y="19" width="100%" height="1"/>'),
        format_html(
            '<rect class="{}" x="{}%" y="9" width="{}%" height="2"/>', name, figure(start), figure(end - start)
        ),
    ]
    caps = [start] if upper > most else [start, end]
    parts += [format_html('<rect class="{}" x="{}%" y="5" width="2" height="10"/>', name, figure(x)) for x in caps]
    if own is not None and own <= most:
        parts.append(
            format_html('<rect class="interval-own" x="{}%" y="0" width="2" height="20"/>', figure(own / most * 100))
        )
    if middle is not None and middle <= most:
        parts.append(format_html('<circle class="{}" cx="{}%" cy="10" r="4.5"/>', name, figure(middle / most * 100)))
    return format_html(
        '<svg class="interval" role="img" aria-label="{}" width="100%" height="20">{}</svg>',
        label,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def bar(name: str, start: float, width: float) -> SafeString:
    """Return one bar; `start` and `width` in percent."""
    return format_html(
        '<rect class="{}" x="{}%" y="3" width="{}%" height="8" rx="4"/>', name, figure(start), figure(width)
    )


def now_tick(at: float) -> SafeString:
    """Return the upright tick at the fraction `at`."""
    return format_html('<rect class="bar-tick" x="{}%" y="0" width="2" height="14"/>', figure(min(at * 100, 99.2)))


def drawing(name: str, label: str, parts: Sequence[SafeString]) -> SafeString:
    """Return the bars as one picture with an accessible name."""
    return format_html(
        '<svg class="{}" role="img" aria-label="{}" width="100%" height="14">{}</svg>',
        name,
        label,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def figure(value: float) -> str:
    """Return a number as SVG wants it: short, and with a point in every language."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
