"""A training run from files to bundle: read, encode, fit, measure, export, pass the gates."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from service.contract.encoder import Encoder
from service.contract.encoding import Encoding
from service.contract.manifest import BundleKind, Manifest, Training
from service.contract.tokenizer import Tokenizer
from service.contract.vocabulary import learn_vocabulary
from training.arms.registry import ARMS
from training.card import write_card
from training.examples import Shop, ad_examples, facet_examples
from training.export.bundle import Parts, check_place, write_bundle
from training.export.golden import golden_inputs, ranker_answers, selling_point_answers
from training.export.ranker import ranker_graphs
from training.learn_ranker import RankerData, learn_ranker
from training.learn_selling_points import SellingPointData, learn_selling_points
from training.logs import file_hash, read_clicks, read_facets, read_items, with_known_products
from training.measure import ranker_metrics, selling_point_metrics
from training.relevance import Shown, learn_relevance
from training.uplift import learn_uplift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from service.contract.golden import GoldenRow
    from training.config import RankerConfig, SellingPointConfig
    from training.fit import Report

    Tell = Callable[[str], None]


def train_selling_points(
    paths: Mapping[str, Path], config: SellingPointConfig, out: Path, tell: Tell, report: Report
) -> Manifest:
    """Train the selling-point model on the files facets, clicks and items; write the bundle.

    Raises: TrainingDataError, GateError.
    """
    check_place(out)
    tell("reading the logs")
    items = read_items(paths["items"])
    facets = read_facets(paths["facets"])
    clicks = with_known_products(read_clicks(paths["clicks"]), items, paths["clicks"])
    tell("encoding them")
    said = facets["sf_keyword"].unique(maintain_order=True).to_list()
    encoder = new_encoder(items, said, ads=clicks, words=facets)
    shop = Shop.of(items, clicks, facets)
    auxiliary = ad_examples(shop, encoder, matched=False)
    data = SellingPointData.of(facet_examples(shop, facets, encoder), auxiliary)
    tell("fitting")
    titles = encoder.title_table(items["title"].to_list())["content"]
    model = learn_selling_points(data, encoder, titles, config, report)
    tell("learning what selling points do to clicks")
    uplift = learn_uplift(shop, encoder, model, auxiliary)
    tell("exporting and trying the bundle")
    metrics = selling_point_metrics(model, data)
    training = Training(config.seed, _hashes(paths), asdict(config), metrics)
    golden = [
        replace(row, expected=selling_point_answers(model, encoder, row))
        for row in _golden_inputs(facets["query"], items)
    ]
    graphs = ARMS[config.arm].graphs(model, encoder.encoding)
    card = write_card(BundleKind.SELLING_POINTS, training, _counts(shop))
    parts = Parts(BundleKind.SELLING_POINTS, encoder, graphs, golden, training, card, uplift)
    return write_bundle(out, parts)


def train_ranker(
    paths: Mapping[str, Path], config: RankerConfig, out: Path, tell: Tell, report: Report
) -> Manifest:
    """Train the ranker on the files clicks and items, and facets if given; write the bundle.

    Facets tell what else the shoppers clicked; a ranker without them still uses them at serving.

    Raises: TrainingDataError, GateError.
    """
    check_place(out)
    tell("reading the logs")
    items = read_items(paths["items"])
    clicks = with_known_products(read_clicks(paths["clicks"]), items, paths["clicks"])
    tell("encoding them")
    facets = read_facets(paths["facets"]) if "facets" in paths else None
    said = () if facets is None else facets["sf_keyword"].unique(maintain_order=True).to_list()
    encoder = new_encoder(items, said, ads=clicks, words=facets)
    shop = Shop.of(items, clicks, facets)
    data = RankerData.of(ad_examples(shop, encoder, matched=True))
    tell("fitting")
    titles = encoder.title_table(items["title"].to_list())["content"]
    model = learn_ranker(data, encoder, titles, config, report)
    tell("exporting and trying the bundle")
    training = Training(config.seed, _hashes(paths), asdict(config), ranker_metrics(model, data))
    golden = [
        replace(row, expected=ranker_answers(model, encoder, row))
        for row in _golden_inputs(clicks["query"], items)
    ]
    graphs = ranker_graphs(model, encoder.encoding)
    card = write_card(BundleKind.RANKER, training, _counts(shop))
    return write_bundle(out, Parts(BundleKind.RANKER, encoder, graphs, golden, training, card))


def new_encoder(
    items: pl.DataFrame,
    phrases: Sequence[str],
    *,
    ads: pl.DataFrame | None = None,
    words: pl.DataFrame | None = None,
) -> Encoder:
    """Learn the vocabulary of a catalogue and of phrases said about it, and what fits queries.

    Of the logs of ads and feature words it takes what was shown, and nothing of who clicked.
    """
    encoding = Encoding()
    tokenizer = Tokenizer(encoding.locale, stem=encoding.stem)
    said = [*_phrases(items), *phrases]
    vocabulary = learn_vocabulary(tokenizer, items["title"].to_list(), phrases=said)
    plain = Encoder(encoding, vocabulary)
    return Encoder(encoding, vocabulary, learn_relevance(plain, Shown(items, ads, words)))


def _phrases(items: pl.DataFrame) -> list[str]:
    found = items["sp_candidates"].explode().drop_nulls().unique(maintain_order=True)
    phrases: list[str] = found.to_list()
    return phrases


def _golden_inputs(queries: pl.Series, items: pl.DataFrame) -> list[GoldenRow]:
    asked = queries.unique(maintain_order=True).to_list()
    return golden_inputs(asked, items["title"].to_list(), _phrases(items) or [""])


def _hashes(paths: Mapping[str, Path]) -> dict[str, str]:
    return {role: file_hash(path) for role, path in paths.items()}


def _counts(shop: Shop) -> dict[str, int]:
    counts = {"products": len(shop.items), "ads shown": len(shop.clicks)}
    counts["ads clicked"] = int(shop.clicks["click"].sum())
    if shop.facets is not None:
        counts["feature words shown"] = len(shop.facets)
        counts["feature words clicked"] = int(shop.facets["click"].sum())
    return counts | {"shoppers": len(shop.shopper_codes.numbers)}
