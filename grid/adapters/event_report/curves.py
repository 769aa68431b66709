"""Small curves as SVG for a printed page: steps, gaps as gaps, the unit at the axis."""

from collections.abc import Callable, Sequence
from html import escape

COLOURS = {"solar": "#B97800", "use": "#0B63A5", "public": "#5A6672", "storage": "#6B4FBB", "alarm": "#B3261E", "ink": "#17211C"}
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 520.0, 76.0, 46.0, 9.0, 8.0


LEAST_SPAN = {"p.u.": 0.02, "kW": 1.0, "%": 10.0}
"""A curve of less is flat: its ripples would look like trouble."""


def curve_svg(
    values: Sequence[float | None], places: Sequence[float], colour: str, unit: str, troubled: Sequence[tuple[float, float]] = ()
) -> str:
    """One curve; `places` from 0 to 1 say when each value was measured, `troubled` from when to when an emergency was open."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if unit in ("kW", "%"):
        low, high = min(low, 0.0), max(high, 0.0)
    more = LEAST_SPAN.get(unit, 0.0) - (high - low)
    if more > 0:
        low, high = (low - more / 2, high + more / 2) if unit == "p.u." else (low, high + more)
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / span)

    marks = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(v):.1f}" y2="{y(v):.1f}" stroke="#DFE3DC" stroke-width="0.6"/>'
        f'<text x="{LEFT - 4}" y="{y(v) + 2.5:.1f}" text-anchor="end" font-size="7" fill="#56635C" font-family="Inter">{escape(_figure(v, unit))}</text>'
        for v in dict.fromkeys((low, 0.0 if low < 0 < high else high, high))
    )
    wide = WIDTH - LEFT
    shades = "".join(
        f'<rect x="{LEFT + wide * a:.1f}" width="{max(wide * (b - a), 0.8):.1f}" y="{TOP}" height="{HEIGHT - TOP - BOTTOM}" fill="#B3261E" fill-opacity="0.10"/>'
        for a, b in troubled
        if b >= a
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{shades}{marks}'
        f'<path d="{_steps(values, places, y)}" fill="none" stroke="{COLOURS[colour]}" stroke-width="1.1"/></svg>'
    )


def _steps(values: Sequence[float | None], places: Sequence[float], y: Callable[[float], float]) -> str:
    parts: list[str] = []
    is_down = False
    for place, value in zip(places, values, strict=True):
        x = LEFT + (WIDTH - LEFT) * place
        if value is None:
            is_down = False
            continue
        parts.append(f"H{x:.1f}V{y(value):.1f}" if is_down else f"M{x:.1f} {y(value):.1f}")
        is_down = True
    return "".join(parts)


def _figure(value: float, unit: str) -> str:
    return f"{value:.3f} {unit}" if unit == "p.u." else f"{value:.0f} {unit}"
