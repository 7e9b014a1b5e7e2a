"""One ad of an answer, its title in parts, and why it stands there."""

from typing import Annotated

from pydantic import Field

from service.api.schemas.wire import Wire


class TitlePart(Wire):
    """A run of the title. The parts, joined, are the text."""

    text: Annotated[str, Field(description="Plain text, never markup.", examples=["Waterproof"])]
    selling_point: Annotated[
        str | None,
        Field(
            description="Id of the selling point shown here. One that the title says with a small "
            "word or a number inside is shown in several parts.",
            examples=["sp_31c0"],
        ),
    ]
    highlight: Annotated[
        bool, Field(description="Whether to set this part off from the rest.", examples=[True])
    ]


class Title(Wire):
    """The title to show, in parts, so that no markup has to be parsed."""

    text: Annotated[
        str,
        Field(description="The whole title.", examples=["Waterproof - Trail Running Shoe"]),
    ]
    original: Annotated[
        str, Field(description="The catalogue's title.", examples=["Trail Running Shoe"])
    ]
    parts: Annotated[
        tuple[TitlePart, ...],
        Field(
            description="The title in order.",
            examples=[[{"text": "Waterproof", "selling_point": "sp_31c0", "highlight": True}]],
        ),
    ]
    left_out: Annotated[
        tuple[str, ...],
        Field(
            description="What names the product (brand, model, size) and had no room in the "
            "longest title that the placement allows. Absent where nothing had to go.",
            examples=[["XR-200"]],
        ),
    ] = ()


class SellingPointScore(Wire):
    """A selling point that was chosen, and how."""

    id: Annotated[str, Field(description="Id of the selling point.", examples=["sp_31c0"])]
    text: Annotated[str, Field(description="The phrase.", examples=["Waterproof"])]
    score: Annotated[
        float, Field(description="Predicted chance that it is liked.", examples=[0.31])
    ]
    propensity: Annotated[
        float, Field(description="The chance with which it was picked.", examples=[1.0])
    ]


class AdExplanation(Wire):
    """Why this ad stands here. Only with a secret key and `explain`."""

    price_micros: Annotated[
        int,
        Field(
            description="What a click, an impression or an order costs, as the campaign's pricing"
            " says, in micros.",
            examples=[240_000],
        ),
    ]
    bid_micros: Annotated[
        int, Field(description="What the campaign offered, in micros.", examples=[400_000])
    ]
    quality_ppm: Annotated[
        int,
        Field(description="Predicted click rate in parts per million.", examples=[41_200]),
    ]
    reason: Annotated[
        str,
        Field(
            description="How the title was made: personal, prior, common, explored or plain.",
            examples=["personal"],
        ),
    ]
    selling_points: Annotated[
        tuple[SellingPointScore, ...],
        Field(
            description="The selling points in the title.",
            examples=[[{"id": "sp_31c0", "text": "Waterproof", "score": 0.31, "propensity": 1.0}]],
        ),
    ]


class SponsoredAd(Wire):
    """One slot, won. Show the label, load the impression URL, link to the click URL."""

    ad_id: Annotated[str, Field(description="Id of the ad.", examples=["ad_5be0c1"])]
    product_id: Annotated[str, Field(description="The shop's product.", examples=["100001"])]
    campaign_id: Annotated[str, Field(description="Id of the campaign.", examples=["cmp_9a1f"])]
    slot: Annotated[int, Field(ge=0, description="Position, 0 on top.", examples=[0])]
    title: Annotated[
        Title,
        Field(
            description="The title to show.",
            examples=[
                {
                    "text": "Waterproof - Trail Running Shoe",
                    "original": "Trail Running Shoe",
                    "parts": [
                        {"text": "Waterproof", "selling_point": "sp_31c0", "highlight": True}
                    ],
                }
            ],
        ),
    ]
    impression_id: Annotated[
        str,
        Field(
            description="Ties impression, view, click and conversion together.",
            examples=["imp_019a5e7c5d2f7c3e8f1b2a3c4d5e6f7000"],
        ),
    ]
    click_url: Annotated[
        str, Field(description="Link to this.", examples=["https://ads.example.com/c/AQK..."])
    ]
    impression_url: Annotated[
        str,
        Field(
            description="Load this when the ad is rendered.",
            examples=["https://ads.example.com/i/AQK....gif"],
        ),
    ]
    view_url: Annotated[
        str,
        Field(
            description="Load this when half of the ad was in view for a second.",
            examples=["https://ads.example.com/v/AQK....gif"],
        ),
    ]
    label: Annotated[str, Field(description="Must be shown with the ad.", examples=["Sponsored"])]
    explain: Annotated[
        AdExplanation | None,
        Field(
            description="Only with a secret key and `explain`.",
            examples=[None],
        ),
    ] = None
