"""Products: the shop's catalogue."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from service.api.schemas.resource import MOST_MICROS, PageOf, Resource, example_of
from service.api.schemas.wire import LONGEST_ID, PRINTABLE, Wire

ProductKey = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_ID, pattern=r"^[^\x00-\x1F\x7F]+$")
]


def _text(longest: int) -> StringConstraints:
    return StringConstraints(max_length=longest, pattern=PRINTABLE)


class ProductSpec(Wire):
    """A product as a whole: what is left out takes its default. Markup is taken out of texts."""

    title: Annotated[
        str,
        StringConstraints(min_length=1, max_length=500, pattern=PRINTABLE),
        Field(description="What the shop calls it.", examples=["Desk lamp, oak"]),
    ]
    link: Annotated[
        str,
        _text(2048),
        Field(
            description="Where a click leads: https, or a path on the store's site.",
            examples=["/p/100001"],
        ),
    ]
    price_micros: Annotated[
        int,
        Field(
            ge=0,
            le=MOST_MICROS,
            description="In millionths of the store's currency.",
            examples=[39_900_000],
        ),
    ]
    description: Annotated[
        str, _text(5000), Field(description="In the shop's words.", examples=["Turns and tilts."])
    ] = ""
    brand: Annotated[str, _text(200), Field(description="Its brand.", examples=["Lumo"])] = ""
    category: Annotated[
        str,
        _text(750),
        Field(description="Its path in the shop.", examples=["Home > Lamps"]),
    ] = ""
    image_link: Annotated[
        str,
        _text(2048),
        Field(description="Its picture, as `link`.", examples=["/i/100001.png"]),
    ] = ""
    in_stock: Annotated[bool, Field(description="Whether it can be had.", examples=[True])] = True
    highlights: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=150)], ...],
        Field(
            max_length=100,
            description="What is good about it: selling points are made of these.",
            examples=[["dimmable", "solid brass"]],
        ),
    ] = ()
    attributes: Annotated[
        dict[
            Annotated[str, StringConstraints(min_length=1, max_length=200)],
            Annotated[str, StringConstraints(min_length=1, max_length=1000)],
        ],
        Field(
            default_factory=dict,
            max_length=200,
            description="Facts by name: selling points are made of these, too.",
            examples=[{"material": "oak", "dimmable": "yes"}],
        ),
    ]


class Product(Resource):
    """One product of the shop."""

    id: Annotated[str, Field(description="The shop's own id of it.", examples=["100001"])]
    title: Annotated[
        str, Field(description="What the shop calls it.", examples=["Desk lamp, oak"])
    ]
    link: Annotated[str, Field(description="Where a click leads.", examples=["/p/100001"])]
    price_micros: Annotated[
        int, Field(description="In millionths of the store's currency.", examples=[39_900_000])
    ]
    description: Annotated[
        str, Field(description="In the shop's words.", examples=["Turns and tilts."])
    ]
    brand: Annotated[str, Field(description="Its brand.", examples=["Lumo"])]
    category: Annotated[str, Field(description="Its path in the shop.", examples=["Home > Lamps"])]
    image_link: Annotated[str, Field(description="Its picture.", examples=["/i/100001.png"])]
    in_stock: Annotated[bool, Field(description="Whether it can be had.", examples=[True])]
    highlights: Annotated[
        tuple[str, ...],
        Field(description="What is good about it.", examples=[["dimmable", "solid brass"]]),
    ]
    attributes: Annotated[
        dict[str, str],
        Field(description="Facts by name.", examples=[{"material": "oak", "dimmable": "yes"}]),
    ]
    updated_at: Annotated[
        AwareDatetime,
        Field(description="When it last changed.", examples=["2026-11-22T09:00:00Z"]),
    ]


class ProductPage(PageOf[Product]):
    """A page of products, in the order of their ids."""

    data: Annotated[
        tuple[Product, ...], Field(description="The products.", examples=[[example_of(Product)]])
    ]
