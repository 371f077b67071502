"""The two figures of the body map and the zones on them, in units of a drawing 200 wide and 488 high.

Half of everything is written down as (distance from the axis, height) and mirrored. The patient's left is at the
viewer's right in front, and at the viewer's left behind. The figure is neutral on purpose: no face, no hair.
"""

from enum import StrEnum
from functools import cache

from treatments.rules.bodymap.curves import Point, Segment, flattened, path, smoothed

WIDTH, HEIGHT = 200, 488
AXIS = 100


class Figure(StrEnum):
    FRONT = "front"
    BACK = "back"


LEFT, RIGHT, WHOLE = "left", "right", ""

# Down the outer side of the arm, up its inner side, down the outer side of the leg, up its inner side.
OUTLINE: tuple[Point, ...] = (
    (0, 12),  # crown
    (9.5, 13.8),
    (16, 21),
    (18, 33),  # temple
    (16.6, 48),
    (10.4, 63.5),  # jaw
    (9, 77),  # neck
    (14, 86),
    (41, 99),  # shoulder
    (50, 121),
    (59, 174),  # elbow
    (72, 243),  # wrist
    (77, 271),
    (72, 291),  # fingertips
    (66, 270),
    (63, 243),
    (48, 186),
    (36, 126),  # armpit
    (36, 136),  # chest
    (31, 184),  # waist
    (43, 250),  # hip
    (41, 286),
    (32, 346),
    (31, 362),  # knee
    (33, 394),  # calf
    (22, 455),  # ankle
    (30, 476),  # toes
    (22, 479.5),
    (12, 470),  # heel
    (12, 457),
    (8, 400),
    (10, 368),
    (5, 318),
    (0, 259),  # crotch
)
CORNERS: tuple[Point, ...] = ((36, 126), (0, 259))

# By the area's code without its side. A zone of the whole body is written from the top of its axis to the bottom.
# Zones are loose where the outline cuts them, and each is drawn above those before it.
ZONES: dict[Figure, dict[str, tuple[Point, ...]]] = {
    Figure.FRONT: {
        "face": ((0, 19), (10, 22), (15, 33), (14, 47), (9, 58), (0, 65)),
        "neck": ((0, 70), (12, 68), (13, 80), (10, 86), (0, 89)),
        "upper-arm": ((41, 104), (53, 108), (58, 150), (62, 174), (48, 180), (43, 156), (38, 132)),
        "flank": (
            (23, 167),
            (30, 163),
            (38, 162),
            (36, 184),
            (38, 206),
            (42, 217),
            (34, 219),
            (25, 213),
            (24, 184),
        ),
        "hip": ((31, 222), (40, 219), (46, 238), (47, 268), (44, 276), (37, 276), (35, 258), (32, 240)),
        "abdomen": ((0, 166), (12, 166), (21, 169), (22, 186), (23, 206), (18, 226), (9, 240), (0, 243)),
        "thigh-front": (
            (18, 252),
            (30, 236),
            (33, 258),
            (35, 279),
            (41, 281),
            (44, 284),
            (36, 334),
            (22, 340),
            (15, 334),
            (14, 300),
            (15, 270),
        ),
        "thigh-inner": ((0, 262), (15, 256), (13, 272), (12, 300), (13, 332), (4, 338), (-2, 300)),
        "knee": ((6, 346), (20, 343), (36, 341), (35, 362), (34, 378), (20, 381), (7, 378)),
    },
    Figure.BACK: {
        # The scalp is the hair's ground as it is seen from behind: from the crown down to the hairline above the nape.
        "scalp": ((0, 13), (10, 14), (20, 30), (19, 46), (13, 57), (0, 59)),
        "nape": ((0, 62), (12, 64), (14, 78), (12, 86), (0, 92)),
        "upper-arm": ((41, 104), (53, 108), (58, 150), (62, 174), (48, 180), (43, 156), (38, 132)),
        "flank": (
            (23, 167),
            (30, 163),
            (38, 162),
            (36, 184),
            (38, 206),
            (42, 217),
            (34, 219),
            (25, 213),
            (24, 184),
        ),
        "hip": ((36, 222), (40, 219), (46, 238), (47, 268), (44, 276), (37, 276), (36, 258), (36, 240)),
        "lower-back": ((0, 166), (14, 166), (21, 169), (23, 186), (22, 204), (14, 210), (6, 216), (0, 221)),
        "buttock": (
            (1.2, 232),
            (4, 222.5),
            (11, 215),
            (20.5, 210.5),
            (29, 213.5),
            (33.5, 222),
            (34.5, 238),
            (35, 254),
            (31, 267),
            (21, 274),
            (9, 272),
            (1.8, 264),
        ),
        "thigh-back": (
            (3, 277),
            (12, 277),
            (22, 278),
            (32, 272),
            (36, 283),
            (44, 285),
            (36, 336),
            (20, 340),
            (4, 337),
            (0, 305),
        ),
        "knee": ((6, 346), (20, 343), (36, 341), (35, 362), (34, 378), (20, 381), (7, 378)),
    },
}
SIDELESS = {"face", "neck", "scalp", "nape", "abdomen", "lower-back"}

# A few lines that say where one is; the sided ones as (start, handle, end) of a quadratic curve, mirrored.
LINES: dict[Figure, tuple[tuple[Point, Point, Point], ...]] = {
    Figure.FRONT: (
        ((11, 62), (7, 69.5), (0, 69.5)),  # jaw
        ((30, 98), (18, 95), (6, 91)),  # collar bone
        ((35.5, 130), (30, 142), (14, 139)),  # chest
        ((1.6, 205), (0.9, 207.2), (0, 207.4)),  # navel
        ((23, 232), (14, 243), (2.5, 254)),  # groin
        ((26, 366), (20, 374), (13, 366)),  # knee
        ((14.5, 444), (15.4, 449), (15, 454)),  # ankle
    ),
    Figure.BACK: (
        ((0, 94), (0, 130), (0, 164)),  # spine
        ((10.5, 104), (12, 126), (23, 139)),  # shoulder blade
        ((0, 222), (0, 240), (0, 257)),  # cleft
        ((32, 270), (22, 281), (3, 271)),  # fold
        ((28, 359), (20, 366), (12, 361)),  # hollow of the knee
        ((14.5, 444), (15.4, 449), (15, 454)),
    ),
}


def split_code(code: str) -> tuple[str, str]:
    """Return ("buttock", "left") of "buttock-left"; an area without a side is whole."""
    region, _dash, side = code.rpartition("-")
    return (region, side) if side in {LEFT, RIGHT} and region else (code, WHOLE)


def figures_of(code: str) -> tuple[Figure, ...]:
    """Return the figures that show an area; none for an area that the map does not know."""
    region, side = split_code(code)
    if (region in SIDELESS) != (side == WHOLE):
        return ()
    return tuple(figure for figure in Figure if region in ZONES[figure])


def place_of(code: str, figure: Figure) -> int:
    """Return when a zone is drawn: above those with a lower number."""
    return list(ZONES[figure]).index(split_code(code)[0])


def mirror_of(code: str) -> str:
    """Return the code of the same area on the other side, "" for one without a side."""
    region, side = split_code(code)
    return f"{region}-{RIGHT if side == LEFT else LEFT}" if side else ""


@cache
def outline() -> tuple[Segment, ...]:
    return tuple(smoothed(*both_halves(OUTLINE, CORNERS)))


@cache
def zone(code: str, figure: Figure) -> tuple[Segment, ...]:
    """Return the curve around an area; KeyError for one that this figure does not show."""
    region, side = split_code(code)
    half = ZONES[figure][region]
    if side == WHOLE:
        return tuple(smoothed(both_halves(half)[0]))
    direction = direction_of(side, figure)
    return tuple(smoothed([(AXIS + direction * x, y) for x, y in half]))


def direction_of(side: str, figure: Figure) -> int:
    """Return 1 where a side of the patient is at the viewer's right, else -1."""
    return 1 if (side == LEFT) == (figure is Figure.FRONT) else -1


def both_halves(half: tuple[Point, ...], corners: tuple[Point, ...] = ()) -> tuple[list[Point], list[Point]]:
    """Return a half from top to bottom as the closed line around both, and its corners; points on the axis once."""
    right = [(AXIS + x, y) for x, y in half]
    left = [(AXIS - x, y) for x, y in reversed(half) if x]
    sharp = [(AXIS + side * x, y) for x, y in corners for side in (1, -1)]
    return right + left, sharp


@cache
def outline_path() -> str:
    return path(outline())


@cache
def zone_path(code: str, figure: Figure) -> str:
    return path(zone(code, figure))


@cache
def lines_path(figure: Figure) -> str:
    """Return the figure's inner lines as one open SVG path."""
    drawn = []
    for start, handle, end in LINES[figure]:
        sides = (1, -1) if start[0] or end[0] else (1,)
        for side in sides:
            (x1, y1), (x2, y2), (x3, y3) = ((AXIS + side * x, y) for x, y in (start, handle, end))
            drawn.append(f"M{x1:g} {y1:g}Q{x2:g} {y2:g} {x3:g} {y3:g}")
    return "".join(drawn)


@cache
def outline_polygon() -> tuple[Point, ...]:
    return flattened(outline())


@cache
def zone_polygon(code: str, figure: Figure) -> tuple[Point, ...]:
    return flattened(zone(code, figure))
