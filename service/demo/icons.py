"""Line-free icons of the demo's product categories, as shapes on a 100 x 100 field.

A shape is (form, coordinates, tone): a polygon of points, an ellipse or a rounded box of
(left, top, right, bottom), or a stroke of points. Tone 0 is the product's colour, negative tones
are darker, positive ones lighter; a hole shows the backdrop, a glow is warm light.
"""

from __future__ import annotations

from typing import Literal

Form = Literal["polygon", "ellipse", "box", "stroke"]
Shape = tuple[Form, tuple[float, ...], int]

HOLE = 100
GLOW = 101

ICONS: dict[str, tuple[Shape, ...]] = {
    "Sports > Shoes": (
        ("box", (14, 66, 88, 76), -2),
        ("polygon", (16, 34, 38, 34, 48, 46, 66, 52, 84, 57, 88, 68, 14, 68), 0),
        ("polygon", (16, 34, 30, 34, 24, 68, 14, 68), -1),
        ("stroke", (44, 46, 54, 40), 2),
        ("stroke", (52, 50, 61, 44), 2),
        ("stroke", (60, 53, 69, 47), 2),
        ("polygon", (70, 53, 84, 57, 88, 68, 74, 68), 1),
    ),
    "Clothing > Jackets": (
        ("polygon", (30, 24, 14, 36, 20, 78, 30, 78), -1),
        ("polygon", (70, 24, 86, 36, 80, 78, 70, 78), -1),
        ("polygon", (30, 22, 70, 22, 74, 84, 26, 84), 0),
        ("polygon", (38, 12, 62, 12, 68, 26, 50, 34, 32, 26), 1),
        ("stroke", (50, 32, 50, 84), -2),
        ("box", (32, 60, 45, 63), -2),
        ("box", (55, 60, 68, 63), -2),
    ),
    "Clothing > Knitwear": (
        ("polygon", (28, 24, 10, 52, 20, 60, 32, 42), -1),
        ("polygon", (72, 24, 90, 52, 80, 60, 68, 42), -1),
        ("polygon", (28, 22, 72, 22, 72, 82, 28, 82), 0),
        ("ellipse", (38, 14, 62, 32), -2),
        ("box", (28, 76, 72, 84), -1),
        ("stroke", (30, 46, 40, 40, 50, 46, 60, 40, 70, 46), 2),
        ("stroke", (30, 54, 40, 48, 50, 54, 60, 48, 70, 54), 1),
    ),
    "Bags > Backpacks": (
        ("box", (40, 8, 60, 22), -2),
        ("box", (24, 16, 76, 88), 0),
        ("box", (24, 16, 76, 44), 1),
        ("box", (32, 54, 68, 80), -1),
        ("stroke", (36, 62, 64, 62), 2),
        ("box", (45, 38, 55, 48), -2),
        ("box", (16, 50, 24, 78), -1),
        ("box", (76, 50, 84, 78), -1),
    ),
    "Clothing > Kids": (
        ("polygon", (34, 34, 66, 34, 74, 88, 54, 88, 50, 62, 46, 88, 26, 88), 0),
        ("box", (34, 28, 66, 54), 1),
        ("stroke", (38, 30, 32, 10), -1),
        ("stroke", (62, 30, 68, 10), -1),
        ("ellipse", (36, 30, 42, 36), -2),
        ("ellipse", (58, 30, 64, 36), -2),
        ("box", (42, 38, 58, 50), -1),
    ),
    "Kitchen > Coffee & Tea": (
        ("ellipse", (66, 40, 92, 68), -1),
        ("ellipse", (72, 46, 86, 62), HOLE),
        ("polygon", (18, 34, 78, 34, 72, 78, 24, 78), 0),
        ("ellipse", (18, 28, 78, 40), -2),
        ("box", (14, 80, 82, 86), -1),
        ("stroke", (38, 24, 34, 17, 38, 10), 2),
        ("stroke", (52, 24, 48, 17, 52, 10), 2),
    ),
    "Kitchen > Cookware": (
        ("box", (62, 46, 98, 54), -2),
        ("ellipse", (6, 22, 70, 84), -1),
        ("ellipse", (10, 24, 66, 78), 0),
        ("ellipse", (18, 32, 58, 70), 1),
        ("ellipse", (26, 38, 42, 50), 2),
    ),
    "Home > Lighting": (
        ("ellipse", (20, 6, 80, 66), GLOW),
        ("polygon", (36, 14, 64, 14, 80, 48, 20, 48), 0),
        ("polygon", (36, 14, 46, 14, 38, 48, 20, 48), 1),
        ("box", (47, 48, 53, 82), -2),
        ("ellipse", (32, 78, 68, 90), -1),
    ),
    "Electronics > Audio": (
        ("ellipse", (16, 12, 84, 84), -1),
        ("ellipse", (20, 18, 80, 88), HOLE),
        ("box", (10, 46, 30, 84), 0),
        ("box", (70, 46, 90, 84), 0),
        ("box", (24, 50, 34, 80), -2),
        ("box", (66, 50, 76, 80), -2),
    ),
    "Home > Bedding": (
        ("box", (10, 52, 90, 84), 0),
        ("box", (14, 30, 50, 56), 2),
        ("box", (50, 30, 86, 56), 1),
        ("polygon", (10, 62, 90, 54, 90, 84, 10, 84), -1),
        ("stroke", (16, 72, 84, 66), 1),
    ),
    "Sports > Camping": (
        ("polygon", (50, 16, 92, 82, 8, 82), 0),
        ("polygon", (50, 16, 92, 82, 62, 82), -1),
        ("polygon", (46, 22, 62, 82, 30, 82), -2),
        ("polygon", (46, 22, 42, 82, 30, 82), 1),
        ("box", (6, 81, 94, 85), -2),
    ),
    "Kids > Toys": (
        ("box", (14, 50, 48, 84), 0),
        ("box", (52, 50, 86, 84), -1),
        ("box", (33, 14, 67, 48), 1),
        ("ellipse", (24, 60, 38, 74), 2),
        ("polygon", (69, 58, 79, 76, 59, 76), 2),
        ("box", (44, 25, 56, 37), -2),
    ),
}
