"""What the periodic work counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

RECORDED = Counter("salient_worker_recorded", "Entries written to Postgres.", ["kind"])
CHARGED = Counter("salient_worker_charged_clicks", "Clicks charged to a campaign.")
DEAD_LETTERS = Counter("salient_worker_dead_letters", "Entries given up after repeated tries.")
PARTITIONS_DROPPED = Counter(
    "salient_worker_partitions_dropped", "Days of events or decisions that retention dropped."
)
REPEATS = Counter(
    "salient_worker_repeats", "Events that were told before: tokens used again.", ["type"]
)
OUTAGES = Counter("salient_worker_outages", "Tries that failed because a store was away.")
SNAPSHOTS_BUILT = Counter("salient_worker_snapshots_built", "Snapshots written.")
SNAPSHOTS_FAILED = Counter("salient_worker_snapshots_failed", "Snapshots not to be built.")
SNAPSHOTS_LOADED = Counter("salient_snapshots_loaded", "Snapshots swapped in for serving.")
SNAPSHOTS_REFUSED = Counter("salient_snapshots_refused", "Snapshots that could not be served.")
BUNDLES_REFUSED = Counter("salient_bundles_refused", "Model bundles that failed a gate.", ["name"])
JOBS = Counter("salient_worker_jobs", "Jobs that a worker took.", ["kind", "outcome"])
WEBHOOK_CALLS = Counter("salient_worker_webhook_calls", "Calls of webhooks.", ["outcome"])
BANS_UNREAD = Counter("salient_bans_unread", "Looks at the bans that failed.")
ATTRIBUTED = Counter("salient_attributed", "Lines of orders owed to an ad.", ["touch"])
PACES_UNREAD = Counter("salient_paces_unread", "Looks at the paces that failed.")
PACED = Gauge(
    "salient_paced_campaigns",
    "Campaigns that pacing holds back now: they bid less, or leave requests out.",
    ["by"],
)
LEASE_EPOCH = Gauge("salient_lease_epoch", "The epoch of the leases on budgets.")
LEASES_UNREAD = Counter("salient_leases_unread", "Renewals of leases that failed.")
BUDGETS_UNREAD = Counter("salient_budgets_unread", "Looks at the budgets that failed.")
ALLOCATIONS = Counter(
    "salient_worker_allocations", "Budgets that were spread over platforms.", ["cause"]
)
ALLOCATIONS_FAILED = Counter(
    "salient_worker_allocations_failed", "Budgets that could not be spread as asked."
)
SHOCKS = Counter(
    "salient_worker_platform_shocks", "Platforms that answered otherwise than expected.", ["to"]
)
PLATFORM_LOOKS = Counter(
    "salient_worker_platform_looks", "Campaigns whose platforms were looked at for shocks."
)
ALLOCATING_SECONDS = Histogram(
    "salient_worker_allocating_seconds",
    "How long it took to look at all campaigns that there was news of, and to plan.",
    buckets=(0.1, 0.3, 1, 3, 10, 30, 100),
)
UNALLOCATED_SECONDS = Gauge(
    "salient_unallocated_seconds",
    "How long the campaign waits that has waited longest for today's budget to be spread.",
)
ALLOCATOR_MISSING = Gauge(
    "salient_allocator_missing", "1 where plans are made without a trained model."
)

# there from the start, so that the first one is a rise
for _kind in ("event", "decision"):
    RECORDED.labels(_kind)
for _type in ("impression", "view", "click"):
    REPEATS.labels(_type)
for _outcome in ("delivered", "failed"):
    WEBHOOK_CALLS.labels(_outcome)
for _by in ("bid", "throttle"):
    PACED.labels(_by)
for _name in ("ranker", "selling-points", "allocator"):
    BUNDLES_REFUSED.labels(_name)
for _cause in ("periodic", "shock"):
    ALLOCATIONS.labels(_cause)
for _to in ("up", "down"):
    SHOCKS.labels(_to)
