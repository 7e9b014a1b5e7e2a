from __future__ import annotations

from service.contract.history import EMPTY_HISTORY
from service.decision.entitle import write_titles
from service.decision.scorers import Scorers
from tests.unit.decision.shop import (
    KNOWN,
    Broken,
    KnownPhrases,
    ads,
    ask,
    campaign,
    product,
    snapshot,
)

COAT = product("1", "Acme Wool Coat", "warm lining", "hidden pocket")
HAT = product("2", "Acme Wool Hat", "warm lining")
ONE = campaign("one", "wool")
SHOP = snapshot([COAT, HAT], [ONE], ads(ONE, COAT, bid=100_000))
SCORERS = Scorers(None, KnownPhrases(SHOP, {"warm lining": 0.2, "hidden pocket": 0.6}))


def test_products_are_titled_as_winners_would_be() -> None:
    found = write_titles(["2", "9", "1"], ask("wool", history=KNOWN), SHOP, SCORERS, now=0)
    hat, nobody, coat = found.titles
    assert nobody is None
    assert hat is not None
    assert coat is not None
    assert hat.title.text == "warm lining – Acme Wool Hat"
    assert coat.title.text == "hidden pocket – Acme Wool Coat"
    assert [one.point.text for one in coat.chosen] == ["hidden pocket"]
    assert (coat.reason, found.degraded) == ("personal", ())


def test_what_the_query_says_is_not_said_again() -> None:
    query = ask("hidden pockets", history=EMPTY_HISTORY)
    (coat,) = write_titles(["1"], query, SHOP, SCORERS, now=0).titles
    assert coat is not None
    assert (coat.title.text, coat.reason) == ("warm lining – Acme Wool Coat", "prior")


def test_an_advertiser_has_the_products_of_its_ads_only() -> None:
    query = ask("wool")
    owner = ONE.advertiser_id
    mine = write_titles(["1", "2", "9"], query, SHOP, SCORERS, now=0, advertiser_id=owner).titles
    assert [one is not None for one in mine] == [True, False, False]
    others = write_titles(
        ["1", "2"], query, SHOP, SCORERS, now=0, advertiser_id="adv_other"
    ).titles
    assert others == (None, None)


def test_without_a_model_titles_are_plain() -> None:
    found = write_titles(["1"], ask("wool"), SHOP, Scorers(None, Broken()), now=0)  # type: ignore[arg-type]
    (coat,) = found.titles
    assert coat is not None
    assert (coat.title.text, found.degraded) == ("Acme Wool Coat", ("plain_titles",))
