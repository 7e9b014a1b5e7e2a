"""How an answer came about, for those who may know."""

from typing import Annotated

from pydantic import Field

from service.api.schemas.experiments import SellingPointRule
from service.api.schemas.wire import Wire


class Candidate(Wire):
    """How one ad stood in the auction."""

    ad_id: Annotated[str, Field(description="Id of the ad.", examples=["ad_5be0c1"])]
    product_id: Annotated[str, Field(description="The shop's product.", examples=["100001"])]
    lexical: Annotated[
        float, Field(description="How well the words of the query fit.", examples=[1.25])
    ]
    quality_ppm: Annotated[
        int, Field(description="Predicted click rate in parts per million.", examples=[41_200])
    ]
    bid_micros: Annotated[int, Field(description="What it offered.", examples=[400_000])]
    value: Annotated[
        int,
        Field(
            description="bid_micros times quality_ppm, as the placement squashes it.",
            examples=[16_480_000_000],
        ),
    ]


class Explanation(Wire):
    """How the answer came about. Only with a secret key and `explain`."""

    snapshot: Annotated[
        str | None, Field(description="Version of the catalogue used.", examples=["00000042"])
    ]
    models: Annotated[
        tuple[str, ...],
        Field(description="Models used.", examples=[["ranker@1:0f3a91bc"]]),
    ]
    seed: Annotated[int, Field(description="Seed of all random draws.", examples=[81_985_529])]
    selling_points: Annotated[
        SellingPointRule,
        Field(
            description="The rule that titles were written by; an experiment's arm may set it.",
            examples=[{"source": "personal", "most": None, "highlight": "chosen"}],
        ),
    ]
    buckets: Annotated[
        dict[str, int],
        Field(
            description="The shopper's bucket in each experiment of the answer, 0 to 9,999.",
            examples=[{"exp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d": 4711}],
        ),
    ]
    candidates: Annotated[int, Field(description="How many ads were considered.", examples=[87])]
    filtered: Annotated[
        dict[str, int],
        Field(description="How many ads each filter removed.", examples=[{"out_of_stock": 3}]),
    ]
    auction: Annotated[
        tuple[Candidate, ...],
        Field(
            description="The candidates, best value first.",
            examples=[
                [
                    {
                        "ad_id": "ad_5be0c1",
                        "product_id": "100001",
                        "lexical": 1.25,
                        "quality_ppm": 41_200,
                        "bid_micros": 400_000,
                        "value": 16_480_000_000,
                    }
                ]
            ],
        ),
    ]
    stages_us: Annotated[
        dict[str, int],
        Field(
            description="Microseconds that the request spent in each stage; requests that are "
            "decided together go through each together.",
            examples=[
                {
                    "gather": 190,
                    "wait": 60,
                    "candidates": 15,
                    "rank": 310,
                    "auction": 50,
                    "selling_points": 170,
                    "titles": 40,
                }
            ],
        ),
    ]
