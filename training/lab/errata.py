"""The errata of the selling-point paper (P2), each with the arithmetic that shows it.

Hou, Zhang, Zhang: "Application Analysis of Multi-Task Learning Algorithm in E-Commerce
Personalized Advertising Intelligent Push", IAJIT 22(2), 2025. `docs/errata.md` says it in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Trial:
    """A row of Table 2: an A/B test over so many views of both arms together."""

    base: str
    test: str
    lift: float
    p: float
    views: int

    @property
    def implied_click_rate(self) -> float:
        """Return the base click rate at which this lift and this p belong together.

        Two arms of N / 2 views, a small rate c: z = lift sqrt(c N / 4), so c = 4 z^2 / (lift^2 N).
        """
        z = _NORMAL.inv_cdf(1 - self.p / 2)
        return 4 * z**2 / (self.lift**2 * self.views)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of Table 4, F1 as a share."""

    method: str
    recall: float
    accuracy: float
    f1: float
    rmse: float

    @property
    def implied_precision(self) -> float:
        """Return the precision that recall and F1 ask for: P = F1 R / (2 R - F1)."""
        return self.f1 * self.recall / (2 * self.recall - self.f1)


@dataclass(frozen=True, slots=True)
class Sparsity:
    """A row of Table 3: AUCs by clicks on the main and the auxiliary task."""

    main: str
    auxiliary: str
    bm: float
    mtdl: float
    amtdl: float

    @property
    def gained(self) -> float:
        """Return how far AMTDL stands above BM."""
        return self.amtdl - self.bm


TABLE_2: Final = (
    Trial("titles as they are", "personal selling points", 0.103, 0.00001, 30_516_000),
    Trial("common selling points", "personal selling points", 0.0576, 0.0009, 40_942_000),
    Trial("no highlight", "highlight", 0.0567, 0.0166, 30_500_000),
    Trial("two selling points", "three", 0.0410, 0.7347, 21_490_000),
    Trial("two selling points", "one", 0.0484, 0.001, 20_200_000),
)
TABLE_3: Final = (
    Sparsity("≤ 6", "> 21", 0.7808, 0.8805, 0.9332),
    Sparsity("≤ 6", "≤ 21", 0.7076, 0.8705, 0.9128),
    Sparsity("> 6", "> 21", 0.6907, 0.8461, 0.8730),
    Sparsity("> 6", "≤ 21", 0.6851, 0.8235, 0.8586),
)
TABLE_4: Final = (
    Row("DMP-DGBM", 0.675, 0.857, 0.882, 0.438),
    Row("LSTM-PSO", 0.732, 0.860, 0.897, 0.419),
    Row("IM12CP-WQI", 0.819, 0.893, 0.901, 0.376),
    Row("RF-FFGM", 0.886, 0.921, 0.935, 0.320),
    Row("AMTDL", 0.912, 0.953, 0.968, 0.216),
)


@dataclass(frozen=True, slots=True)
class Erratum:
    """What the paper says, and why it cannot be."""

    where: str
    says: str
    but: str


def errata() -> list[Erratum]:
    """Return the errata, the figures worked out anew."""
    return [*_of_equations(), *_of_tables(), *_of_figures_given_twice()]


def _of_equations() -> list[Erratum]:
    return [
        Erratum(
            "Equations 9, 14 and 15",
            "l = (1/|S|) Σ [y log y' + (1 − y) log(1 − y')], to be minimised",
            "without a minus sign its least value is −∞, for predictions that are all wrong: a "
            "certain mistake, y = 1 and y' → 0, is rewarded without bound. Equation 9 also has a "
            "second equals sign before the sum.",
        ),
        Erratum(
            "Equation 15",
            "the auxiliary loss is Σ [yᶜ log(yᶜ) + (1 − yᶜ) log(1 − yᶜ)]",
            "it holds the label in place of its prediction: for labels of 0 and 1 it is 0 "
            "whatever the network says, so no gradient comes from it.",
        ),
        Erratum(
            "Algorithm 1, steps 4 to 10",
            "if the main task is selected, take a batch from S^C, else from S^SF",
            "the sources are swapped: S^SF holds (u, q, v, y), what the main task reads; S^C "
            "holds (u, q, a, yᶜ). Its last step is an `else` with nothing behind it.",
        ),
        Erratum(
            "Equation 4",
            "e_q = (1/s) Σ Em(w_i)",
            "a query of no known words divides by zero; ours gives zeros.",
        ),
    ]


def _of_tables() -> list[Erratum]:
    rates = [trial.implied_click_rate for trial in TABLE_2]
    above = [row for row in TABLE_4 if row.implied_precision > 1]
    least = min(TABLE_3, key=lambda row: row.gained)
    most = max(TABLE_3, key=lambda row: row.gained)
    one, three = TABLE_2[4], TABLE_2[3]
    return [
        Erratum(
            "Table 2",
            "five A/B tests of one site, with a lift, a p-value and the number of views",
            "no one click rate gives these p-values: they need "
            + ", ".join(f"{rate:.3%}" for rate in rates)
            + f", a factor of {max(rates) / min(rates):.0f} apart, and all far below what any "
            "search page is clicked.",
        ),
        Erratum(
            "Table 2 and its text",
            "“displaying two SPs is the safest and most reliable”; two “much better” than one",
            f"the row has two as the base and one as the test, and one wins: {one.lift:+.2%}, "
            f"p {one.p:g}. Three against two is {three.lift:+.2%} with p {three.p:g}: no verdict.",
        ),
        Erratum(
            "Table 3 and its text",
            "few clicks on the main task and many on the auxiliary one: the greatest improvement",
            f"that cell ({least.main} / {least.auxiliary}) is the least improved, "
            f"{least.gained:+.4f} over BM; the most improved is {most.main} / {most.auxiliary} "
            f"({most.gained:+.4f}). The text also calls the cell “≤6 and ≤6”, which the table "
            "does not have. Its 15.24 % and 5.27 % are points of AUC in that one cell; relative "
            f"to the AUC they are {least.amtdl / least.bm - 1:.1%} and "
            f"{least.amtdl / least.mtdl - 1:.1%}.",
        ),
        Erratum(
            "Table 4",
            "recall and F1 of five methods",
            f"P = F1·R / (2R − F1) is above 1 in {len(above)} of {len(TABLE_4)} rows: "
            + ", ".join(f"{row.method} {row.implied_precision:.3f}" for row in TABLE_4)
            + ". F1 is printed as a percentage, the rest as shares; IM12CP-WQI cites [47], a "
            "paper on video surveillance, where the text cites [2].",
        ),
    ]


def _of_figures_given_twice() -> list[Erratum]:
    efficiency, raised = 96.78, 14.26
    return [
        Erratum(
            "RMSE",
            "0.2012 (Figure 9), 0.2020 (conclusions) and 0.216 (Table 4)",
            "three values for one model on one data set.",
        ),
        Erratum(
            "The baseline's AUC",
            "0.81 (abstract) and 0.83 (Figure 11 and discussion)",
            "two values for one curve; the 0.92 it is compared with is the AUC of no cell of "
            "Table 3, whose cells run from "
            f"{min(r.amtdl for r in TABLE_3):.4f} to {max(r.amtdl for r in TABLE_3):.4f}.",
        ),
        Erratum(
            "The p-value of highlighting",
            "0.0166 (Table 2) and 0.0167 (text)",
            "one of them is a slip.",
        ),
        Erratum(
            "“Recommendation efficiency”",
            f"{efficiency} %, {raised} % higher than the traditional model",
            "it is never defined, and the baseline is either "
            f"{efficiency - raised:.2f} % (points) or {efficiency / (1 + raised / 100):.2f} % "
            "(relative). We do not report it.",
        ),
        Erratum(
            "The comparators of Table 4",
            "DMP-DGBM, LSTM-PSO, IM12CP-WQI and RF-FFGM as “advanced models” for advertising",
            "they come from solar power, air pollution, water quality and DNA mining. What they "
            "were given as inputs here is not said; ours are small readings of the methods.",
        ),
        Erratum(
            "The source",
            "no mention of Zhao et al., KDD 2019 (arXiv 1907.12375)",
            "the method, the data's shape and the A/B designs are theirs; they report +2 % "
            "revenue per mille and under 4 % of merchants opting out.",
        ),
    ]
