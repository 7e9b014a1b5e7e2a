"""Product pictures, drawn when they are first asked for."""

from __future__ import annotations

import io
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter

from service.demo.icons import GLOW, HOLE, ICONS
from service.demo.type_icons import TYPE_ICONS

if TYPE_CHECKING:
    from service.decision.terms import Product
    from service.demo.icons import Shape

SIDE = 320  # pixels
_FINE = 2  # drawn at twice the size, then scaled down: smooth edges

Colour = tuple[int, int, int]

_COLOURS: dict[str, Colour] = {
    "Slate Blue": (84, 110, 148), "Forest Green": (52, 98, 72), "Charcoal": (74, 78, 86),
    "Sand": (201, 176, 138), "Rust": (176, 92, 54), "Off White": (219, 212, 198),
    "Mustard": (206, 160, 58), "Plum": (122, 72, 112), "Black": (52, 52, 56),
    "Sky": (116, 168, 206), "Brick Red": (166, 70, 62), "Olive": (124, 126, 72),
}  # fmt: skip
_DEFAULT: Colour = (120, 128, 140)
_LIGHT: Colour = (252, 240, 200)
_CLEAR = (0, 0, 0, 0)
_BACKDROPS: tuple[Colour, ...] = (
    (244, 240, 233), (236, 241, 240), (241, 238, 244), (245, 239, 236), (237, 241, 234),
)  # fmt: skip


def draw_picture(product: Product) -> bytes:
    """Draw `product` as a square PNG, always the same."""
    kind, colour = (product.attributes.get(name, "") for name in ("type", "colour"))
    return _draw(product.product_id, kind, product.category, colour)


@lru_cache(maxsize=1024)
def _draw(product_id: str, kind: str, category: str, colour: str) -> bytes:
    chance = zlib.crc32(product_id.encode())
    backdrop = _BACKDROPS[chance % len(_BACKDROPS)]
    side = SIDE * _FINE
    image = Image.new("RGB", (side, side), backdrop)
    _shade_floor(image, backdrop)
    icon = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(icon)
    for shape in TYPE_ICONS.get(kind) or ICONS.get(category, ICONS["Kids > Toys"]):
        _draw_shape(pen, shape, _COLOURS.get(colour, _DEFAULT))
    icon = icon.rotate(chance // 7 % 9 - 4, Image.Resampling.BICUBIC)
    image.paste(icon, (0, 0), icon)
    small = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _shade_floor(image: Image.Image, backdrop: Colour) -> None:
    shadow = Image.new("L", image.size, 0)
    side = image.size[0]
    box = [side * 0.16, side * 0.74, side * 0.84, side * 0.87]
    ImageDraw.Draw(shadow).ellipse(box, fill=90)
    shadow = shadow.filter(ImageFilter.GaussianBlur(side / 40))
    image.paste(_tone(backdrop, -2), (0, 0), shadow)


def _draw_shape(pen: ImageDraw.ImageDraw, shape: Shape, colour: Colour) -> None:
    form, coordinates, tone = shape
    side = SIDE * _FINE
    at = [side * (0.14 + 0.72 * c / 100) for c in coordinates]
    fill = {HOLE: _CLEAR, GLOW: _LIGHT}.get(tone) or _tone(colour, tone)
    if form == "polygon":
        pen.polygon(at, fill=fill)
        pen.line([*at, *at[:4]], fill=fill, width=side // 60, joint="curve")
    elif form == "ellipse":
        pen.ellipse(at, fill=fill)
    elif form == "box":
        pen.rounded_rectangle(at, radius=side / 40, fill=fill)
    else:
        pen.line(at, fill=fill, width=side // 50, joint="curve")


def _tone(colour: Colour, tone: int) -> Colour:
    """Mix towards white (positive tones) or towards dark (negative ones)."""
    goal, share = (255 if tone > 0 else 24), min(abs(tone) * 0.2, 1.0)
    red, green, blue = (round(c + (goal - c) * share) for c in colour)
    return red, green, blue
