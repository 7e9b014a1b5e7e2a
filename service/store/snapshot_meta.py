"""What a snapshot's folder says about itself, and how its arrays fit together."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from service.decision import tables
from service.decision.experiments import Experiment, read_experiments
from service.decision.lists import RowLists
from service.decision.snapshot import BundleRef, Snapshot
from service.decision.strings import StringTable
from service.decision.terms import (
    ApiKey,
    AuctionRule,
    KeyKind,
    Micros,
    PhrasePosition,
    PhraseStyle,
    Placement,
    Store,
)
from service.errors import BadSnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

FORMAT = 3
MODELS = "models."
LOCKED = "points.locked"
VALID_UNTIL = "points.valid_until"
NAMES = "products.names."
CAPS = ("campaigns.cap_impressions", "campaigns.cap_seconds")
PRICING = "campaigns.pricing"
AUCTION = ("rule", "squash_ppm", "relevance_floor_ppm", "exposure_ppm")  # of a placement
TABLES: Mapping[str, type] = {
    "products": tables.ProductTable,
    "points": tables.PointTable,
    "phrases": tables.PhraseTable,
    "categories": tables.CategoryTable,
    "words": tables.WordTable,
    "spellings": tables.SpellingTable,
    "campaigns": tables.CampaignTable,
    "ads": tables.AdTable,
    "keywords": tables.KeywordTable,
}


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """One array's file: its size in bytes and the hash of dtype, shape and content."""

    size: int
    blake2b: str


@dataclass(frozen=True, slots=True)
class Meta:
    """All of a snapshot that is not an array."""

    version: str
    catalogue_version: int
    store: Store
    placements: tuple[Placement, ...]
    keys: tuple[ApiKey, ...]
    platforms: tuple[str, ...]
    left_out: Mapping[str, int]
    bundles: tuple[BundleRef, ...]
    experiments: tuple[Experiment, ...]
    files: Mapping[str, ArrayFile]

    @classmethod
    def of(cls, snapshot: Snapshot, files: Mapping[str, ArrayFile]) -> Meta:
        """The words of `snapshot`, whose arrays are in `files`."""
        return cls(
            version=snapshot.version,
            catalogue_version=snapshot.catalogue_version,
            store=snapshot.store,
            placements=tuple(snapshot.placements.values()),
            keys=snapshot.keys,
            platforms=snapshot.platforms,
            left_out=snapshot.left_out,
            bundles=snapshot.bundles,
            experiments=snapshot.experiments,
            files=files,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for meta.json."""
        return {
            "format": FORMAT,
            **asdict(self),
            "placements": [_told(placement) for placement in self.placements],
            "auctions": {one.name: _auction_of(one) for one in self.placements},
        }

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Meta:
        """The other way round.

        Raises:
            BadSnapshotError: the format is another one.
        """
        if read["format"] != FORMAT:
            raise BadSnapshotError(f"snapshot format {read['format']!r}, this is {FORMAT}")
        return cls(
            version=read["version"],
            catalogue_version=read["catalogue_version"],
            store=Store(**read["store"]),
            placements=tuple(
                _placement(one, read.get("auctions", {}).get(one["name"], {}))
                for one in read["placements"]
            ),
            keys=tuple(_key(one) for one in read["keys"]),
            platforms=tuple(read["platforms"]),
            left_out=read["left_out"],
            bundles=tuple(BundleRef(**one) for one in read["bundles"]),
            experiments=read_experiments(read.get("experiments", ())),  # older ones have none
            files={name: ArrayFile(**file) for name, file in read["files"].items()},
        )


def arrays_of(snapshot: Snapshot) -> dict[str, NDArray[Any]]:
    """Every array of `snapshot` by its path, such as "ads.ids.starts" or "models.ranker.item"."""
    arrays = {
        path: array for table in TABLES for path, array in _arrays(table, getattr(snapshot, table))
    }
    return arrays | {MODELS + name: array for name, array in snapshot.models.items()}


def snapshot_of(meta: Meta, arrays: Mapping[str, NDArray[Any]]) -> Snapshot:
    """The snapshot that `meta` and `arrays` describe.

    Raises:
        KeyError: an array is missing.
    """
    arrays = {**_unknown_then(arrays), **arrays}
    built = {name: _table(kind, name, arrays) for name, kind in TABLES.items()}
    return Snapshot(
        store=meta.store,
        version=meta.version,
        catalogue_version=meta.catalogue_version,
        placements={placement.name: placement for placement in meta.placements},
        keys=meta.keys,
        platforms=meta.platforms,
        left_out=meta.left_out,
        bundles=meta.bundles,
        experiments=meta.experiments,
        models={
            name.removeprefix(MODELS): array
            for name, array in arrays.items()
            if name.startswith(MODELS)
        },
        **built,
    )


def _unknown_then(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """What versions that did not know of it left out: no locks, ends, names; pay by click."""
    return {
        VALID_UNTIL: np.full(len(arrays["points.phrase"]), np.inf),
        LOCKED: np.zeros(len(arrays["points.phrase"]), np.bool_),
        NAMES + "starts": np.zeros_like(arrays["products.titles.starts"]),
        NAMES + "blob": np.zeros(0, np.uint8),
        **{cap: np.zeros(len(arrays["campaigns.active"]), np.int32) for cap in CAPS},
        PRICING: np.zeros(len(arrays["campaigns.active"]), np.int8),
    }


def _arrays(path: str, table: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    for field in fields(table):
        value = getattr(table, field.name)
        if not field.init:
            continue
        if isinstance(value, StringTable | RowLists):
            yield from _arrays(f"{path}.{field.name}", value)
        else:
            yield f"{path}.{field.name}", value


def _table(kind: type, path: str, arrays: Mapping[str, NDArray[Any]]) -> Any:
    values = {}
    for field in fields(kind):
        if not field.init:
            continue
        nested = {"StringTable": StringTable, "RowLists": RowLists}.get(str(field.type))
        name = f"{path}.{field.name}"
        values[field.name] = arrays[name] if nested is None else _table(nested, name, arrays)
    return kind(**values)


def _told(placement: Placement) -> dict[str, Any]:
    """A version that does not know `phrase_position` can read all that do without it.

    What it does not know of auctions stands apart, where it does not look.
    """
    values = {key: held for key, held in asdict(placement).items() if key not in AUCTION}
    if placement.phrase_position is PhrasePosition.PREFIX:
        del values["phrase_position"]
    return values


def _auction_of(placement: Placement) -> dict[str, Any]:
    return {name: getattr(placement, name) for name in AUCTION}


def _placement(read: Mapping[str, Any], auction: Mapping[str, Any]) -> Placement:
    known: dict[str, Any] = {
        "reserve": Micros(read["reserve"]),
        "phrase_style": PhraseStyle(read["phrase_style"]),
        "phrase_position": PhrasePosition(read.get("phrase_position", PhrasePosition.PREFIX)),
    }
    if auction:  # older snapshots say nothing of it
        known |= {"rule": AuctionRule(auction["rule"])}
        known |= {"exposure_ppm": tuple(auction["exposure_ppm"])}
    return Placement(**{**read, **auction, **known})


def _key(read: Mapping[str, Any]) -> ApiKey:
    lists = {name: tuple(read[name]) for name in ("scopes", "origins")}
    return ApiKey(**{**read, **lists, "kind": KeyKind(read["kind"])})
