"""Choose selling points for the rows of a log, each with what was known just before it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from service.contract.history_log import Codes, build_history
from service.contract.manifest import BundleKind
from service.contract.uplift import logits, tired
from service.decision.choice import NOTHING, PERSONAL, PLAIN, Choice, Rung, ladder
from service.decision.choice_exploration import cast_lots, explore
from service.decision.choice_options import Among
from service.decision.choice_pick import choose_among
from service.errors import BadInputError
from service.inference.attested import Attested
from service.inference.bundle import open_bundle
from service.inference.log_tables import keys, read_clicks, read_facets, read_table, texts, times
from service.inference.score import phrase_scores, read_items
from service.inference.seen import SeenLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from service.contract.arrays import FloatArray, LongArray, TimeArray
    from service.contract.history import HistoryLog
    from service.decision.choice_options import Option
    from service.inference.bundle import Bundle
    from service.inference.score import Items, Progress

_ROWS_AT_ONCE: Final = 20_000
_ODD: Final = 0xD1342543DE82EF95  # so that the lots of rows have little to do with each other
_NEEDED: Final = ("ts", "user_id", "query", "product_uid")
_CHOICES: Final = pl.Schema(
    {
        "row": pl.Int64(),
        "chosen": pl.List(pl.String()),
        "reason": pl.String(),
        "propensity": pl.Float64(),
    }
)


@dataclass(frozen=True, slots=True)
class ChoiceFiles:
    """The rows to choose for (layout synth_s_c), the catalogue, and what happened before."""

    rows: Path
    items: Path
    facets: Path | None
    clicks: Path | None


@dataclass(frozen=True, slots=True)
class ChoiceRules:
    """How many selling points a title shows at most, and the share drawn by lot."""

    most: int = 2
    explored_share: float = 0.0
    seed: int = 0


def choose_rows(
    bundle: Path,
    files: ChoiceFiles,
    rules: ChoiceRules,
    out: Path,
    progress: Progress = lambda _done, _total: None,
) -> None:
    """Write `out` with row, chosen, reason and propensity for each row, in order.

    A row sees only its own shopper's facets and clicks strictly before its `ts`. What a product's
    `sp_candidates` name and its title does not deny may be chosen, but nothing made only of the
    query's words. Labels are not looked at; unknown shoppers and products are no error.

    Raises:
        BadBundleError: the bundle failed a gate.
        BadInputError: a file cannot be read or lacks a column, or the bundle scores no phrases.
        ScorerError: the model gave no usable scores.
    """
    opened = open_bundle(bundle)
    if opened.kind is not BundleKind.SELLING_POINTS:
        message = f"{bundle} is a bundle of kind {opened.kind}; selling points need another"
        raise BadInputError(message)
    chooser = _Chooser.of(opened, files, rules)
    table = read_table(files.rows, "rows", _NEEDED).select(*_NEEDED)
    choices: list[Choice] = []
    for start in range(0, len(table), _ROWS_AT_ONCE):
        choices += chooser.choose(table[start : start + _ROWS_AT_ONCE], start)
        progress(len(choices), len(table))
    _write(out, choices)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Rows (N,) with the options of each and the rung that it stands on."""

    ts: TimeArray
    users: Sequence[str | None]
    queries: Sequence[str]
    options: Sequence[Sequence[Option]]
    rungs: Sequence[Rung]

    @property
    def counts(self) -> list[int]:
        """How many options of each row are scored."""
        return [
            0 if rung.reason == PLAIN else len(options)
            for options, rung in zip(self.options, self.rungs, strict=True)
        ]

    @property
    def owners(self) -> LongArray:
        """The row of each scored option (K,)."""
        owners: LongArray = np.arange(len(self.ts)).repeat(self.counts)
        return owners

    def pairs(self) -> pl.DataFrame:
        """The scored options (K,) as feature words shown; on lower rungs to nobody."""
        asking = [
            user if rung.reason == PERSONAL else None
            for user, rung in zip(self.users, self.rungs, strict=True)
        ]
        owners = self.owners.tolist()
        shown = zip(self.options, self.counts, strict=True)
        return pl.DataFrame(
            {
                "ts": self.ts[self.owners],
                "user_id": [asking[row] for row in owners],
                "query": [self.queries[row] for row in owners],
                "sf_keyword": [one.text for options, count in shown for one in options[:count]],
            },
            schema={"ts": pl.Float64, "user_id": pl.String, "query": pl.String,
                    "sf_keyword": pl.String},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Chooser:
    """All that choices for rows are made from."""

    opened: Bundle
    items: Items
    attested: Attested
    shoppers: Codes
    log: HistoryLog
    seen: SeenLog
    rules: ChoiceRules

    @classmethod
    def of(cls, opened: Bundle, files: ChoiceFiles, rules: ChoiceRules) -> _Chooser:
        attested = Attested.read(files.items, opened.encoder.encoding.locale)
        items, shoppers = read_items(files.items), Codes()
        log = build_history(
            read_facets(files.facets, shoppers) if files.facets else None,
            read_clicks(files.clicks, shoppers, items.titles) if files.clicks else None,
        )
        seen = SeenLog.of(files.clicks)
        return cls(opened, items, attested, shoppers, log, seen, rules)

    def choose(self, table: pl.DataFrame, first: int) -> Iterator[Choice]:
        """Choose for each row of `table`, whose first has the number `first`."""
        asked = self._asked(table)
        pairs = asked.pairs()
        scores = phrase_scores(self.opened, pairs, self.items, self.shoppers, self.log)
        bounds = self._bounds(asked, pairs, scores)
        ends = accumulate(asked.counts, initial=0)
        for row, (start, end) in enumerate(pairwise(ends)):
            options, rung = asked.options[row], asked.rungs[row]
            least = bounds.get(rung.reason)
            adds = None if least is None else least[:, start:end].tolist()
            own = scores[start:end].tolist() or [0.0] * len(options)
            choice = NOTHING
            if rung.reason != PLAIN and self.rules.most:
                choice = choose_among(options, own, adds, rung, self.rules.most)
            yield self._explored(choice, options, own, first + row)

    def _asked(self, table: pl.DataFrame) -> _Asked:
        ts = times(table, "ts", "rows")
        users, queries = keys(table, "user_id"), texts(table, "query")
        histories = self.log.at(self.shoppers.of(users), ts)
        windows = (histories.feature_words, histories.titles, histories.queries)
        known = np.any([one.ends > one.starts for one in windows], axis=0)
        uplift = self.opened.manifest.uplift
        rungs = [ladder(uplift, known=one) for one in known.tolist()]
        options = self.attested.options(keys(table, "product_uid"), queries)
        return _Asked(ts, users, queries, options, rungs)

    def _bounds(
        self, asked: _Asked, pairs: pl.DataFrame, scores: FloatArray
    ) -> dict[str, TimeArray]:
        """The bounds (places, K) of all pairs, by the rung that uses them."""
        uplift = self.opened.manifest.uplift
        if uplift is None:
            return {}
        owners = asked.owners
        seen = zip([asked.users[row] for row in owners.tolist()], pairs["sf_keyword"], strict=True)
        often = self.seen.counts(seen, asked.ts[owners])
        weary = uplift.weariness * tired(often)
        z = logits(scores)
        lifts = {rung.reason: rung.lift for rung in asked.rungs if rung.lift is not None}
        return {reason: lift.bounds(z) - weary for reason, lift in lifts.items()}

    def _explored(
        self, choice: Choice, options: Sequence[Option], scores: Sequence[float], row: int
    ) -> Choice:
        rules = self.rules
        if not rules.explored_share or not rules.most:
            return choice
        lots = cast_lots(rules.explored_share, rules.seed + row * _ODD, 1)
        return explore(choice, Among(options), scores, rules.most, lots, 0)


def _write(out: Path, choices: Sequence[Choice]) -> None:
    table = pl.DataFrame(
        {
            "row": range(len(choices)),
            "chosen": [[option.text for option, _ in one.picked] for one in choices],
            "reason": [one.reason for one in choices],
            "propensity": [one.propensity for one in choices],
        },
        schema=_CHOICES,
    )
    try:
        table.write_parquet(out)
    except OSError as error:
        message = f"out: cannot write {out}: {error}"
        raise BadInputError(message) from error
