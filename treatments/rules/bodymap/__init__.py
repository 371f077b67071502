"""The body map without a page: two figures, a zone for each area of the catalogue, and points on them.

An area that the catalogue gets later has no zone here: it is on no figure, has no points, and breaks nothing.
"""

from treatments.rules.bodymap.figure import (
    Figure,
    figures_of,
    lines_path,
    mirror_of,
    outline_path,
    place_of,
    zone_path,
)
from treatments.rules.bodymap.points import (
    MapPoint,
    close_up,
    default_points,
    grid_points,
    inside,
    mark_place,
    read_map_points,
)

__all__ = [
    "Figure",
    "MapPoint",
    "close_up",
    "default_points",
    "figures_of",
    "grid_points",
    "inside",
    "lines_path",
    "mark_place",
    "mirror_of",
    "outline_path",
    "place_of",
    "read_map_points",
    "zone_path",
]
