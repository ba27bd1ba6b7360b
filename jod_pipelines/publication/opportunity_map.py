"""The map of opportunities as SVG: something to look at first, and to point at or step through for what each circle is.

Drawn without a plotting library: every circle is a link with a name of its own, which works in a page and in the file alone. The
same data gives the same bytes.
"""

from __future__ import annotations

import textwrap
from html import escape

import numpy as np
import polars as pl

from jod_pipelines.publication.wording import number

WIDTH, MARGIN = 990, 60
"""Of the picture, in pixels of the page it is made for."""
FLATTEST, TALLEST = 0.6, 0.85
"""Height by width."""
SMALLEST, LARGEST = 3.5, 19.0
"""Radii of circles in pixels."""
CROWD = 100
"""With more opportunities than this only the largest are named, over others where need be."""
NAMED_IN_CROWD = 28
FEWEST_IN_AREA = 3
NEAR, LEAST_SHARE, LEAST_NEAR = 70, 0.3, 1.25
"""Pixels within which circles are near; how much of what is near an area's heart must be of the area for it to be named, and how
many circles that is, the heart counting as one and others less the further they are."""
LETTER = 0.56
"""Width of a letter by the size of the text, on the wide side of common fonts."""
NAME_SIZE, AREA_SIZE, NAME_LETTERS, AREA_LETTERS = 12, 17, 22, 16
NEW, INK, PLAIN = "#a15c00", "#1b2733", ("#dbe2e8", "#5b6b7a")
COLOURS = (
    *(("#b9dcf2", "#00629b"), ("#f6cfc0", "#a8401a"), ("#c9e6c3", "#2f6b2a"), ("#e2d0f0", "#6f3f96")),
    *(("#f4e2a6", "#7a5c00"), ("#bfe6e2", "#0b6b66"), ("#f5c9dc", "#a02963"), ("#d5d8f3", "#3f4a9e")),
    *(("#e6d6c6", "#6b4a2b"), ("#e3ecab", "#566600")),
)
"""One for each area: fills, and edges that stand out from white and from their fill by 3 to 1 at least."""
STYLE = (
    ".map text{font-family:system-ui,sans-serif;pointer-events:none;paint-order:stroke;stroke:#fff;stroke-linejoin:round}"
    ".map a:hover circle,.map a:focus circle{stroke:#1b2733;stroke-width:4}.map a:focus{outline:none}"
)
Box = tuple[float, float, float, float]


def map_svg(points: pl.DataFrame, language: str, *, words: dict[str, str], page: str = "") -> bytes:
    """Opportunities as circles whose area grows with their members; broader areas and the largest opportunities are named.

    Args:
        points: opportunity_id, title, members, x, y, is_new (drawn as an open circle), area (its name, may be missing).
        words: `alternative`, what the whole picture shows; `members` and `is_new`, what stands beside a circle's name.
        page: the page whose rows, called `o-` and the id, the circles lead to.

    Returns:
        SVG. Every circle is a link with a title; the last in the order of reading is the smallest.
    """
    points = points.sort("members", "title", "opportunity_id", descending=[True, False, False])
    places, height = _placed(points.select("x", "y").to_numpy())
    share = points["members"].to_numpy() / points["members"].max()
    radii = np.sqrt(SMALLEST**2 + (LARGEST**2 - SMALLEST**2) * share)
    areas = _areas(points, places)
    # By place and not by name, so that the page in another language has the same colours.
    colours = dict(zip(sorted(areas, key=lambda name: tuple(areas[name])), COLOURS, strict=False))
    frame = (4.0, 4.0, WIDTH - 4.0, height - 4.0)
    titles: list[str] = []
    taken: list[Box] = []
    for name, heart in areas.items():
        lines = textwrap.wrap(name, AREA_LETTERS, break_long_words=False)
        box = _area_box(lines, heart, places, radii, frame, taken)
        if box:
            taken.append(box)
            titles.append(
                _text(lines, box, AREA_SIZE, colours[name][1], f' font-weight="700" stroke-width="4" data-area="{escape(name)}"')
            )
    is_crowd = len(points) > CROWD
    shown = NAMED_IN_CROWD if is_crowd else len(points)
    avoided = [_around(place, radius) for place, radius in zip(places[:shown], radii[:shown], strict=True)]
    names = []
    for title, place, radius in zip(points["title"][:shown], places, radii, strict=False):
        lines = textwrap.wrap(title, NAME_LETTERS, max_lines=3, placeholder=" …", break_long_words=False)
        free = [box for box in _beside(lines, place, radius) if _within(box, frame) and not _hits(box, [*taken, *avoided])]
        if free:
            box = min(free, key=lambda box: _covered(box, places, radii)) if is_crowd else free[0]
            taken.append(box)
            anchor = "start" if box[0] > place[0] else "end" if box[2] < place[0] else "middle"
            names.append(_text(lines, box, NAME_SIZE, INK, ' stroke-width="3"', anchor))
    circles = []
    columns = ("opportunity_id", "title", "members", "is_new", "area")
    for (key, title, members, is_new, area), (x, y), radius in zip(
        points.select(columns).iter_rows(), places, radii, strict=True
    ):
        fill, edge = ("#ffffff", NEW) if is_new else colours.get(area, PLAIN)
        told = [
            title,
            *([words["is_new"]] if is_new else []),
            *([area] if area else []),
            f"{words['members']} {number(members, language)}",
        ]
        said = escape(" · ".join(told))
        circles.append(
            f'<a href="{page}#o-{key}" aria-label="{said}"><circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" '
            f'stroke="{edge}" stroke-width="{2 if is_new else 1.2}"><title>{said}</title></circle></a>'
        )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" viewBox="0 0 {WIDTH} {height}" role="group" lang="{language}" '
        f'aria-label="{escape(words["alternative"])}">',
        f"<style>{STYLE}</style>",
        *circles,
        '<g aria-hidden="true">',
        *names,
        *titles,
        "</g>",
        "</svg>",
    ]
    return ("\n".join(parts) + "\n").encode()


def _placed(points: np.ndarray) -> tuple[np.ndarray, int]:
    """Places in pixels, up on the map being up on the page, and the height of the picture."""
    low, spread = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    height = round(WIDTH * float(np.clip(spread[1] / spread[0], FLATTEST, TALLEST)))
    room = np.array([WIDTH, height]) - 2 * MARGIN
    scale = float((room / spread).min())
    placed = (points - low - spread / 2) * scale * [1, -1] + [WIDTH / 2, height / 2]
    return placed.round(1), height


def _areas(points: pl.DataFrame, places: np.ndarray) -> dict[str, np.ndarray]:
    """The heart of each area that lies together: where most of it is and least of others; those with most members, first."""
    near = np.exp(-((np.linalg.norm(places[:, None] - places[None], axis=2) / NEAR) ** 2))
    members, hearts = points["members"].to_numpy(), {}
    names = np.array(points["area"].fill_null("").to_list())
    for name in sorted(set(names) - {""}):
        rows = np.flatnonzero(names == name)
        own = near[np.ix_(rows, rows)].sum(axis=1)
        share = own / near[rows].sum(axis=1)
        best = (own * share).argmax()
        if len(rows) >= FEWEST_IN_AREA and share[best] >= LEAST_SHARE and own[best] >= LEAST_NEAR:
            hearts[name] = (members[rows].sum(), places[rows[best]])
    largest = sorted(hearts, key=lambda name: (-hearts[name][0], name))[: len(COLOURS)]
    return {name: hearts[name][1] for name in largest}


def _area_box(
    lines: list[str], heart: np.ndarray, places: np.ndarray, radii: np.ndarray, frame: Box, taken: list[Box]
) -> Box | None:
    """Where an area's name lies: near its heart, on as few circles as can be; None where there is no room."""
    width, height = _size(lines, AREA_SIZE)
    best: tuple[float, Box] | None = None
    for across in range(-90, 91, 15):
        for down in range(-75, 76, 15):
            x, y = heart[0] + across, heart[1] + down
            box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            if _within(box, frame) and not _hits(box, taken):
                cost = 2 * _covered(box, places, radii) + (across**2 + down**2) ** 0.5 / 25
                if best is None or cost < best[0]:
                    best = (cost, box)
    return best[1] if best else None


def _beside(lines: list[str], place: np.ndarray, radius: float) -> list[Box]:
    """Boxes for a name beside its circle, best first: right, left, above, below, corners."""
    (x, y), (width, height), away = place, _size(lines, NAME_SIZE), radius + 3
    corner = 0.7 * away
    left_tops = [
        *((x + away, y - height / 2), (x - away - width, y - height / 2)),
        *((x - width / 2, y - away - height), (x - width / 2, y + away)),
        *((x + corner, y - corner - height), (x - corner - width, y - corner - height)),
        *((x + corner, y + corner), (x - corner - width, y + corner)),
    ]
    return [(left, top, left + width, top + height) for left, top in left_tops]


def _size(lines: list[str], size: int) -> tuple[float, float]:
    bold = 1.12 if size == AREA_SIZE else 1.0
    return max(map(len, lines)) * size * LETTER * bold, len(lines) * size * 1.15


def _text(lines: list[str], box: Box, size: int, colour: str, more: str, anchor: str = "middle") -> str:
    x = {"start": box[0], "middle": (box[0] + box[2]) / 2, "end": box[2]}[anchor]
    return "".join(
        f'<text x="{x:.1f}" y="{box[1] + size * (0.92 + 1.15 * row):.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{colour}"{more}>{escape(line)}</text>'
        for row, line in enumerate(lines)
    )


def _around(place: np.ndarray, radius: float) -> Box:
    return (place[0] - 0.8 * radius, place[1] - 0.8 * radius, place[0] + 0.8 * radius, place[1] + 0.8 * radius)


def _within(box: Box, frame: Box) -> bool:
    return frame[0] <= box[0] and frame[1] <= box[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _hits(box: Box, others: list[Box]) -> bool:
    return any(box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in others)


def _covered(box: Box, places: np.ndarray, radii: np.ndarray) -> int:
    """Circles a box lies on."""
    x, y = places.T
    across, down = (box[0] - radii < x) & (x < box[2] + radii), (box[1] - radii < y) & (y < box[3] + radii)
    return int((across & down).sum())
