"""Pictures of designs, drawn on demand."""

from __future__ import annotations

import colorsys
import functools
import io
import math

from PIL import Image, ImageDraw, ImageFont

_SIDE = 320
_CORNERS = {"badge": 6, "certificate": 4}


@functools.lru_cache(maxsize=256)
def png(design_id: int, kind: str) -> bytes:
    """A square PNG on a transparent ground: a hexagon for a badge, a sheet for anything else, its id in it."""
    hue = (design_id * 47 % 360) / 360
    picture = Image.new("RGBA", (_SIDE, _SIDE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.polygon(_outline(kind, 0.95), fill=_colour(hue, 0.30))
    draw.polygon(_outline(kind, 0.82), fill=_colour(hue, 0.52))
    draw.ellipse([_SIDE * 0.27, _SIDE * 0.27, _SIDE * 0.73, _SIDE * 0.73], fill=(255, 255, 255, 255))
    text = str(design_id)
    font = ImageFont.load_default(size=min(48, 240 // len(text)))
    draw.text((_SIDE / 2, _SIDE / 2), text, font=font, fill=_colour(hue, 0.30), anchor="mm")
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def _outline(kind: str, scale: float) -> list[tuple[float, float]]:
    corners = _CORNERS.get(kind, 4)
    turn = math.pi / 2 if corners == _CORNERS["badge"] else math.pi / 4
    angles = (turn + step * math.tau / corners for step in range(corners))
    reach = _SIDE / 2 * scale
    return [(_SIDE / 2 + reach * math.cos(angle), _SIDE / 2 + reach * math.sin(angle)) for angle in angles]


def _colour(hue: float, lightness: float) -> tuple[int, int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.6)
    return round(red * 255), round(green * 255), round(blue * 255), 255
