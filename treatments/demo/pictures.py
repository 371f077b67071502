"""Stand-ins for photographs: a plain drawn figure whose dimples become fewer. Nobody is in them."""

import random
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

SIZE = (720, 960)
GROUND, SKIN, SHADE, FOLD = "#26302e", "#9fb0ab", "#7f918b", "#6b7c77"


def picture(seed: int, *, dimples: int, turned: int = 0) -> bytes:
    """Return a JPEG of two legs from behind with so many dimples; `turned` moves the figure by so many pixels."""
    draw_from = random.Random(seed)  # noqa: S311 -- a drawing, the same at each start
    image = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(image)
    for side in (-1, 1):
        middle = SIZE[0] // 2 + side * 115 + turned
        draw.rectangle((middle - 122, 0, middle + 122, 420), fill=SKIN)
        draw.polygon([(middle - 122, 420), (middle + 122, 420), (middle + 82, 960), (middle - 82, 960)], fill=SKIN)
        draw.arc((middle - 120, 200, middle + 120, 440), 25, 155, fill=FOLD, width=7)
        for _number in range(dimples):
            x, y = middle + draw_from.randint(-85, 85), draw_from.randint(60, 720)
            r = draw_from.randint(9, 20)
            draw.ellipse((x - r, y - r // 2, x + r, y + r // 2), fill=SHADE)
    file = BytesIO()
    image.filter(ImageFilter.GaussianBlur(3)).save(file, "JPEG", quality=85)
    return file.getvalue()
