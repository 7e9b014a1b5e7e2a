"""What is sent and received. Made by `make client`; do not edit."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field
from salient_client.wire import Wire


class Activity(Wire):
    """The last decisions and events of a store."""

    decisions: list[RecentDecision]
    """Newest first."""

    events: list[RecentEvent]
    """The last to arrive first; not feature words that were only shown."""


class AdBatch(Wire):
    """Ads to be made in one campaign."""

    ads: list[AdDraft]
    """The ads; each stands by itself."""


class AdChange(Wire):
    """What to change of an ad."""

    bid_micros: int | None = None
    """Its own bid, in micros; null is the campaign's."""

    active: bool | None = None
    """Whether it may be shown while its campaign is active."""


class AdDraft(Wire):
    """An ad to be made."""

    product_id: str
    """The product that it shows."""

    bid_micros: int | None = None
    """Its own bid, in micros; null is the campaign's."""

    active: bool = True
    """Whether it may be shown while its campaign is active."""


class AdExplanation(Wire):
    """Why this ad stands here. Only with a secret key and `explain`."""

    price_micros: int
    """What a click, an impression or an order costs, as the campaign's pricing says, in micros."""

    bid_micros: int
    """What the campaign offered, in micros."""

    quality_ppm: int
    """Predicted click rate in parts per million."""

    reason: str
    """How the title was made: personal, prior, common, explored or plain."""

    selling_points: list[SellingPointScore]
    """The selling points in the title."""


class AdQuality(Wire):
    """How an ad compares, and what would make it better."""

    ad_id: str
    """The ad."""

    score: int
    """The three parts as one number: 1 the worst, 10 the best, 6 if all are average. It is for people: the auction weighs each request's own P(click)."""

    expected_click_rate: Literal["below", "average", "above"]
    """How often it is clicked beside what the shop's ads get in the same slots, by its last 28 days and, as long as they say little, by the model."""

    relevance: Literal["below", "average", "above"]
    """How much of the campaign's keywords the product says in its title, brand and category."""

    product_page: Literal["below", "average", "above"]
    """Whether the product is in stock and has a picture, a description, highlights and a telling title."""

    reasons: list[QualityReason]
    """What made the grades, part by part; nothing where all is well."""

    impressions: int
    """How often it was shown in the last 28 days."""

    clicks: int
    """How often it was clicked then."""

    as_of: AwareDatetime | None
    """Up to when impressions and clicks are counted: five to six hours ago, when no more clicks come; null before the first count."""


class AdRequest(Wire):
    """Ask for ads to show beside one page of search results or of a category."""

    query: str | None = None
    """What the shopper searched for. Either this or `category`."""

    category: str | None = None
    """The category that the shopper looks at. Either this or `query`."""

    placement: str | None = None
    """The named area of the page. Either this or `placements`."""

    slots: int | None = None
    """How many ads are wanted; at most, and by default, as many as the placement has slots."""

    placements: list[Area] | None = None
    """Several areas of one page, filled in this order; no product stands in two of them. The answer then has `placements`."""

    user: User | None = None
    """Who the shopper is."""

    context: PageContext | None = None
    """The page that asks, and what it is seen on."""

    exclude: list[str] = []
    """Products that must not be advertised."""

    organic_ids: list[str] = []
    """Products that the page shows anyway; their ads stay out."""

    timeout_ms: int = 100
    """Answer within this time, with less if need be: see `degraded`."""

    explain: bool = False
    """Add prices, scores and timings. Needs a secret key."""


class AdResponse(Wire):
    """The ads to show. No ads is a good answer: then `no_fill_reason` says why."""

    request_id: str
    """Id of this decision."""

    ads: list[SponsoredAd]
    """From the top slot down."""

    experiments: list[AssignedArm]
    """The arms of running experiments that this shopper is in; none where neither shopper nor session is known, which takes consent."""

    no_fill_reason: str | None
    """Why there are no ads, if there are none."""

    degraded: list[str]
    """Parts that were done without: no_profile, linear_rank, plain_titles, no_decision, no_snapshot."""

    took_ms: float
    """Time taken in the service."""

    expires_at: AwareDatetime
    """Clicks after this lead on but are not charged."""

    explain: Explanation | None = None
    """Only with a secret key and `explain`."""


class AddToCart(Wire):
    """A product was put into the cart."""

    type: Literal["add_to_cart"]
    """What happened."""

    event_id: str
    """The caller's own id of this event. Sent again, it counts once."""

    occurred_at: AwareDatetime | None = None
    """When it happened (RFC 3339); by default when it arrived."""

    user: User | None = None
    """Who the shopper is."""

    product_id: str
    """The shop's product."""

    quantity: int = 1
    """How many."""

    value: int | None = None
    """Worth in micros of `currency`."""

    currency: str | None = None
    """ISO 4217; by default the store's."""


class Advertiser(Wire):
    """A merchant who books campaigns. The ETag does not follow its balance."""

    id: str
    """Names the advertiser."""

    name: str
    """What people call it."""

    balance_micros: int | None
    """What is left of what it paid ahead, in micros: its campaigns spend no more. Null is on account, without such a limit."""

    created_at: AwareDatetime
    """When it was made."""


class AdvertiserChange(Wire):
    """What to change of an advertiser."""

    name: str | None = None
    """What people call it."""


class AdvertiserDraft(Wire):
    """An advertiser to be made."""

    name: str
    """What people call it."""


class AdvertiserPage(Wire):
    """A page of advertisers, in the order of their ids."""

    data: list[Advertiser]
    """The advertisers."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class Allocation(Wire):
    """A day's budget as it is, or would be, spread over platforms."""

    id: str | None
    """Names the plan; null is a preview."""

    campaign_id: str
    """The campaign."""

    day: date
    """The day of the campaign's zone."""

    created_at: AwareDatetime | None
    """Since when it holds."""

    cause: Literal["periodic", "shock", "asked"]
    """Why it was made: its time had come, a platform changed at once, or somebody asked."""

    goal: Literal["clicks", "conversions"]
    """What the budget is to bring most of."""

    model: str
    """What foretold the answers of the platforms."""

    budget_micros: int
    """What is spread."""

    dual_gap: float
    """By how much any other spread could beat it at most, as a share of the best, if the platforms answer as foretold."""

    platforms: list[AllocationLine]
    """A line for each platform."""


class AllocationDraft(Wire):
    """A plan to be made for the campaign's day."""

    apply: bool = False
    """Whether it is to hold: its lines become what each platform may spend today. Else it is a preview, and nothing is kept."""

    budget_micros: int | None = None
    """What to spread, in micros; null is what the campaign may spend today. A plan that is to hold spreads no more than that."""


class AllocationLine(Wire):
    """What a plan gives one platform, and what came of it."""

    platform: str
    """The platform."""

    spend_micros: int
    """What it may spend that day, in micros; all lines add up to the budget, or to all caps where these are less."""

    share_ppm: int
    """Its share in parts per million."""

    predicted: float
    """How much of the goal the day is to bring."""

    predicted_sd: float
    """The standard deviation of that."""

    reason: str
    """Why, for programs: best_return, low_return, at_floor, at_cap, largest_change, already_spent, exploring, new_platform, no_spend_yet, no_history, only_platform, no_budget, fixed."""

    detail: str
    """Why, for people."""

    spent_micros: int
    """What the day cost there so far."""

    actual: int | None
    """How much of the goal the day brought so far; null where nothing is told."""


class AllocationPage(Wire):
    """A page of plans, newest first."""

    data: list[Allocation]
    """The plans."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class AllocationPolicy(Wire):
    """How a campaign's budget is spread over its platforms."""

    campaign_id: str
    """The campaign."""

    mode: Literal["auto", "fixed"]
    """`auto` gives each platform what brings the most of the goal; `fixed` gives the shares that are named."""

    goal: Literal["clicks", "conversions"]
    """What the budget is to bring most of."""

    platforms: list[PlatformShare]
    """Platforms of which something is said, each once. In mode `auto` the others are planned freely; in mode `fixed` they get nothing."""

    max_change_ppm: int | None
    """The most that a platform's share may move from one day to the next, in parts per million of the budget; null for any. It gives way where floors, caps or what is spent already ask for more."""

    explore: bool
    """Whether a little is spent on learning what platforms bring that were seldom tried, in mode `auto`."""


class AllocationSpec(Wire):
    """How a campaign's budget is to be spread: what is left out takes its default."""

    mode: Literal["auto", "fixed"] = "auto"
    """`auto` gives each platform what brings the most of the goal; `fixed` gives the shares that are named."""

    goal: Literal["clicks", "conversions"] = "clicks"
    """What the budget is to bring most of."""

    platforms: Annotated[list[PlatformShare], Field(validate_default=True)] = []
    """Platforms of which something is said, each once. In mode `auto` the others are planned freely; in mode `fixed` they get nothing."""

    max_change_ppm: int | None = None
    """The most that a platform's share may move from one day to the next, in parts per million of the budget; null for any. It gives way where floors, caps or what is spent already ask for more."""

    explore: bool = True
    """Whether a little is spent on learning what platforms bring that were seldom tried, in mode `auto`."""


class ApiKey(Wire):
    """A key in force. Its text is kept nowhere."""

    id: str
    """Names the key."""

    name: str
    """What it is for."""

    kind: Literal["publishable", "secret"]
    """Publishable keys may stand in a page, secret ones may not."""

    scopes: list[str]
    """What it may do."""

    origins: list[str]
    """Pages that may use it."""

    advertiser_id: str | None
    """The merchant that it is bound to; null is the whole store."""

    created_at: AwareDatetime
    """When it was made."""


class ApiKeyPage(Wire):
    """A page of keys, in the order of their ids."""

    data: list[ApiKey]
    """The keys."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class Area(Wire):
    """One of several areas of a page."""

    placement: str
    """The named area of the page."""

    slots: int | None = None
    """How many ads are wanted; at most, and by default, as many as the placement has slots."""


class AreaResponse(Wire):
    """The ads of one of several areas."""

    request_id: str
    """Id of this decision."""

    ads: list[SponsoredAd]
    """From the top slot down."""

    experiments: list[AssignedArm]
    """The arms of running experiments that this shopper is in; none where neither shopper nor session is known, which takes consent."""

    no_fill_reason: str | None
    """Why there are no ads, if there are none."""

    degraded: list[str]
    """Parts that were done without: no_profile, linear_rank, plain_titles, no_decision, no_snapshot."""

    took_ms: float
    """Time taken in the service."""

    expires_at: AwareDatetime
    """Clicks after this lead on but are not charged."""

    explain: Explanation | None = None
    """Only with a secret key and `explain`."""

    placement: str
    """The named area of the page."""


class Arm(Wire):
    """One arm of an experiment."""

    name: str
    """What answers and records call it."""

    weight: int
    """Its share of all shoppers, in ten-thousandths."""

    buckets: list[list[Any]]
    """The buckets whose shoppers are in it: of each range the first, and the one after the last. There are 10,000."""

    selling_points: SellingPointRule
    """What its shoppers see of selling points."""


class ArmDraft(Wire):
    """One arm of an experiment to be made."""

    name: str
    """What answers and records call it."""

    weight: int
    """Its share of all shoppers, in ten-thousandths. All weights add up to 10,000 at most; who is in no arm is not in the experiment."""

    selling_points: SellingPointRule | None = None
    """What its shoppers see of selling points."""


class AssignedArm(Wire):
    """The arm of one experiment that an answer was made by."""

    experiment_id: str
    """Names the experiment."""

    name: str
    """The experiment's name."""

    arm: str
    """The arm's name."""


class AuditEntry(Wire):
    """One change by one key."""

    id: int
    """Rises with every entry."""

    at: AwareDatetime
    """When."""

    key_id: str
    """The key that did it."""

    advertiser_id: str | None
    """The merchant whose thing it is; null is the store's own."""

    resource: str
    """What kind of thing."""

    resource_id: str
    """Which one."""

    action: str
    """What was done to it."""

    before: dict[str, Any] | None
    """As it was; null is not at all."""

    after: dict[str, Any] | None
    """As it is; null is not at all."""


class AuditPage(Wire):
    """A page of the audit log, newest first."""

    data: list[AuditEntry]
    """The entries."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class AwardEvent(Wire):
    """What became of an ad."""

    type: str
    """impression, view, click, conversion or hide."""

    received_at: AwareDatetime
    """When it came."""

    invalid_reason: str | None
    """Why it does not count, if so."""


class BatchResult(Wire):
    """What became of each item of a bulk request."""

    made: int
    """How many items were kept."""

    refused: int
    """How many were not."""

    results: list[ItemResult]
    """One for each item, in the order of the request."""


class Campaign(Wire):
    """A merchant's campaign. The ETag does not follow what it spends."""

    id: str
    """Names the campaign."""

    advertiser_id: str
    """Whose it is."""

    name: str
    """What people call it."""

    status: Literal["paused", "active", "ended"]
    """Only an active campaign spends. Paused and active change into each other; what has ended stays so."""

    bid_micros: int
    """The most that a click, single impression or order may cost, as `pricing` says, in micros."""

    budget_micros: int
    """The most that it may spend, in micros."""

    spent_micros: int
    """What it has paid so far, in micros."""

    spent_today_micros: int
    """What it has paid for on this day of its `time_zone`, in micros."""

    starts_at: AwareDatetime | None
    """When it begins; null is at once."""

    ends_at: AwareDatetime | None
    """When it ends; null is never."""

    platforms: list[str]
    """The platforms that it runs on; none named is all."""

    daily_budget_micros: int | None
    """The most that it may spend on one day of its `time_zone`, in micros; null is as much as the total allows. Below what today has spent, it stops for today."""

    time_zone: str
    """The zone of its days and hours, by its IANA name. It stays once the campaign has charges."""

    schedule: list[Hours]
    """When it runs, in its `time_zone`; none is always."""

    pricing: Literal["click", "impression", "order"]
    """What it pays for, and so what `bid_micros` is the most for: one click, one single impression (not a thousand), or one order that an ad led to."""

    pacing: Literal["even", "asap"]
    """`even` makes a day's budget last the day; `asap` bids in full until it is used up."""

    target_roas_ppm: int | None
    """The value of orders that a unit of money should bring, in millionths: 4000000 is fourfold. Bids are lowered where it is missed; null is no target."""

    frequency_cap: FrequencyCap | None
    """How often one shopper may see its ads; null is without a cap."""

    attribution_days: Literal[7, 14, 30] | None
    """Orders within so many days of a click are credited to it; null is what the store has."""

    view_through_hours: int | None
    """Orders within so many hours of a view without a click are credited too; 0 is none, null is what the store has."""

    created_at: AwareDatetime
    """When it was made."""

    updated_at: AwareDatetime
    """When it was last changed."""


class CampaignAd(Wire):
    """One product of a campaign."""

    id: str
    """Names the ad."""

    campaign_id: str
    """Its campaign."""

    product_id: str
    """The product that it shows."""

    bid_micros: int | None
    """Its own bid, in micros; null is the campaign's."""

    active: bool
    """Whether it may be shown while its campaign is active."""


class CampaignAdPage(Wire):
    """A page of ads, in the order of their ids."""

    data: list[CampaignAd]
    """The ads."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class CampaignChange(Wire):
    """What to change of a campaign."""

    name: str | None = None
    """What people call it."""

    status: Literal["paused", "active", "ended"] | None = None
    """Only an active campaign spends. Paused and active change into each other; what has ended stays so."""

    bid_micros: int | None = None
    """The most that one of what it pays for may cost, in micros: a click, a single impression or an order, as `pricing` says."""

    budget_micros: int | None = None
    """The most that it may spend in all, in micros. Never below what is spent."""

    starts_at: AwareDatetime | None = None
    """When it begins (RFC 3339, with a zone); null is at once."""

    ends_at: AwareDatetime | None = None
    """When it ends, after `starts_at`; null is never."""

    platforms: list[str] | None = None
    """The platforms that it runs on; none named is all of them."""

    daily_budget_micros: int | None = None
    """The most that it may spend on one day of its `time_zone`, in micros; null is as much as the total allows. Below what today has spent, it stops for today."""

    time_zone: str | None = None
    """The zone of its days and hours, by its IANA name. It stays once the campaign has charges."""

    schedule: list[Hours] | None = None
    """When it runs, in its `time_zone`; none is always."""

    pricing: Literal["click", "impression", "order"] | None = None
    """What it pays for, and so what `bid_micros` is the most for: one click, one single impression (not a thousand), or one order that an ad led to."""

    pacing: Literal["even", "asap"] | None = None
    """`even` makes a day's budget last the day; `asap` bids in full until it is used up."""

    target_roas_ppm: int | None = None
    """The value of orders that a unit of money should bring, in millionths: 4000000 is fourfold. Bids are lowered where it is missed; null is no target."""

    frequency_cap: FrequencyCap | None = None
    """How often one shopper may see its ads; null is without a cap."""

    attribution_days: Literal[7, 14, 30] | None = None
    """Orders within so many days of a click are credited to it; null is what the store has."""

    view_through_hours: int | None = None
    """Orders within so many hours of a view without a click are credited too; 0 is none, null is what the store has."""


class CampaignDraft(Wire):
    """A campaign to be made. It begins paused."""

    advertiser_id: str
    """Whose it is."""

    name: str
    """What people call it."""

    bid_micros: int
    """The most that one of what it pays for may cost, in micros: a click, a single impression or an order, as `pricing` says."""

    budget_micros: int
    """The most that it may spend in all, in micros. Never below what is spent."""

    starts_at: AwareDatetime | None = None
    """When it begins (RFC 3339, with a zone); null is at once."""

    ends_at: AwareDatetime | None = None
    """When it ends, after `starts_at`; null is never."""

    platforms: list[str] = []
    """The platforms that it runs on; none named is all of them."""

    daily_budget_micros: int | None = None
    """The most that it may spend on one day of its `time_zone`, in micros; null is as much as the total allows. Below what today has spent, it stops for today."""

    time_zone: str = "UTC"
    """The zone of its days and hours, by its IANA name. It stays once the campaign has charges."""

    schedule: Annotated[list[Hours], Field(validate_default=True)] = []
    """When it runs, in its `time_zone`; none is always."""

    pricing: Literal["click", "impression", "order"] = "click"
    """What it pays for, and so what `bid_micros` is the most for: one click, one single impression (not a thousand), or one order that an ad led to."""

    pacing: Literal["even", "asap"] = "even"
    """`even` makes a day's budget last the day; `asap` bids in full until it is used up."""

    target_roas_ppm: int | None = None
    """The value of orders that a unit of money should bring, in millionths: 4000000 is fourfold. Bids are lowered where it is missed; null is no target."""

    frequency_cap: FrequencyCap | None = None
    """How often one shopper may see its ads; null is without a cap."""

    attribution_days: Literal[7, 14, 30] | None = None
    """Orders within so many days of a click are credited to it; null is what the store has."""

    view_through_hours: int | None = None
    """Orders within so many hours of a view without a click are credited too; 0 is none, null is what the store has."""


class CampaignPage(Wire):
    """A page of campaigns, in the order of their ids."""

    data: list[Campaign]
    """The campaigns."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class Candidate(Wire):
    """How one ad stood in the auction."""

    ad_id: str
    """Id of the ad."""

    product_id: str
    """The shop's product."""

    lexical: float
    """How well the words of the query fit."""

    quality_ppm: int
    """Predicted click rate in parts per million."""

    bid_micros: int
    """What it offered."""

    value: int
    """bid_micros times quality_ppm, as the placement squashes it."""


class Click(Wire):
    """An ad was clicked, without the redirect."""

    type: Literal["click"]
    """What happened."""

    token: str
    """The ad's impression_url, view_url or click_url, or the token inside it."""


class Consent(Wire):
    """What a shopper last said."""

    consent: bool
    """False: from now on nothing of this shopper is read or kept, even where a request says `consent: true`. True takes that back; each request still has to say so, too."""

    at: AwareDatetime
    """Since when."""


class ConsentSaid(Wire):
    """What a shopper says may be known of them."""

    consent: bool
    """False: from now on nothing of this shopper is read or kept, even where a request says `consent: true`. True takes that back; each request still has to say so, too."""


class Conversion(Wire):
    """One line of an order. The order's id and the line's number make it unique."""

    type: Literal["conversion"]
    """What happened."""

    order_id: str
    """The shop's id of the order."""

    line: int = 0
    """Number of the order's line."""

    occurred_at: AwareDatetime | None = None
    """When it happened (RFC 3339); by default when it arrived."""

    user: User | None = None
    """Who the shopper is."""

    product_id: str
    """The shop's product."""

    quantity: int = 1
    """How many."""

    value: int | None = None
    """Worth in micros of `currency`."""

    currency: str | None = None
    """ISO 4217; by default the store's."""

    token: str | None = None
    """The ad that led to it, if the shop knows: one of its URLs, or the token."""


class ConversionsPage(Wire):
    """A page of the report, by day and campaign."""

    data: list[ConversionsRow]
    """A row for each campaign and day on which anything was sold or returned."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class ConversionsRow(Wire):
    """
    What the ads of one campaign sold on one day (UTC), and what came back.

    Sales belong to the day of the order, returns to the day of the return. Each line of an order
    counts once, for the ad that it is owed to.
    """

    day: date
    """The day, in UTC."""

    campaign_id: str
    """The campaign."""

    campaign_name: str
    """What people call it now."""

    advertiser_id: str
    """Whose it is."""

    conversions: int
    """Lines of orders owed to its ads."""

    view_through: int
    """Those after a view only, without a click."""

    halo: int
    """Those for another product of the advertiser than the ad's."""

    new_to_brand: int
    """Those of shoppers who had not bought of the brand for a year; shoppers who are not known are not counted."""

    quantity: float
    """Pieces sold."""

    value_micros: int
    """What was sold, in micros of the store's currency."""

    returns: int
    """Returns of such lines."""

    returned_quantity: float
    """Pieces that came back."""

    returned_micros: int
    """What they were worth, in micros."""


class Done(Wire):
    """Something that a shopper did."""

    text: str
    """The word, product or query."""

    at: AwareDatetime
    """When."""


class EventBatch(Wire):
    """1 to 500 events of any kind."""

    events: list[
        Annotated[
            Search | FeatureWord | Impression | View | Click | AddToCart | Conversion | Return,
            Field(discriminator="type"),
        ]
    ]
    """What happened, in any order."""


class EventReceipt(Wire):
    """What became of the batch."""

    accepted: int
    """How many were accepted."""

    rejected: int
    """How many were rejected."""

    results: list[EventResult]
    """One for each event, in order."""


class EventResult(Wire):
    """What became of one event."""

    index: int
    """Its place in the batch."""

    status: Literal["accepted", "rejected"]
    """Accepted events are kept safely."""

    code: str | None = None
    """Why it was rejected."""

    detail: str | None = None
    """Why it was rejected, in words."""


class Evidence(Wire):
    """What of the product's data says it."""

    field: str
    """`highlight`, `title`, `description`, or an attribute's name."""

    value: str
    """What stands there."""

    version: AwareDatetime | None
    """Of the product's data: when they last changed."""


class Experiment(Wire):
    """Arms that shoppers are spread over, each seeing other selling points."""

    id: str
    """Names the experiment."""

    name: str
    """What people call it."""

    status: Literal["draft", "running", "stopped"]
    """A draft is set to running, and what runs to stopped; there it stays. Of the experiments of a store one runs at a time."""

    salt: str
    """Decides who is in which bucket."""

    arms: list[Arm]
    """What is compared."""

    created_at: AwareDatetime
    """When it was made."""

    updated_at: AwareDatetime
    """When it was last changed."""

    started_at: AwareDatetime | None
    """When it was set to running."""

    stopped_at: AwareDatetime | None
    """When it was stopped."""


class ExperimentChange(Wire):
    """What to change of an experiment."""

    name: str | None = None
    """What people call it."""

    status: Literal["draft", "running", "stopped"] | None = None
    """A draft is set to running, and what runs to stopped; there it stays. Of the experiments of a store one runs at a time."""

    weights: dict[str, Any] | None = None
    """New weights by the arm's name; arms that are not named keep theirs. An arm that grows keeps all of its shoppers."""


class ExperimentDraft(Wire):
    """An experiment to be made. It begins as a draft, which nobody is assigned to."""

    name: str
    """What people call it."""

    salt: str | None = None
    """Decides who is in which bucket; null is a new one. Two experiments with one salt put the same shoppers together: give one only to repeat an assignment."""

    arms: list[ArmDraft]
    """What is compared. They stay as they are, but for their weights."""


class ExperimentPage(Wire):
    """A page of experiments, in the order of their ids."""

    data: list[Experiment]
    """The experiments."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class Explanation(Wire):
    """How the answer came about. Only with a secret key and `explain`."""

    snapshot: str | None
    """Version of the catalogue used."""

    models: list[str]
    """Models used."""

    seed: int
    """Seed of all random draws."""

    selling_points: SellingPointRule
    """The rule that titles were written by; an experiment's arm may set it."""

    buckets: dict[str, int]
    """The shopper's bucket in each experiment of the answer, 0 to 9,999."""

    candidates: int
    """How many ads were considered."""

    filtered: dict[str, int]
    """How many ads each filter removed."""

    auction: list[Candidate]
    """The candidates, best value first."""

    stages_us: dict[str, int]
    """Microseconds that the request spent in each stage; requests that are decided together go through each together."""


class FeatureWord(Wire):
    """A facet or filter chip was shown, or clicked."""

    type: Literal["feature_word"]
    """What happened."""

    event_id: str
    """The caller's own id of this event. Sent again, it counts once."""

    occurred_at: AwareDatetime | None = None
    """When it happened (RFC 3339); by default when it arrived."""

    user: User | None = None
    """Who the shopper is."""

    feature_word: str
    """The words on the chip."""

    action: Literal["shown", "clicked"]
    """Whether it was shown or clicked."""

    query: str | None = None
    """The query in force, if any."""

    position: int | None = None
    """Place of the chip, 1 first."""


class Finding(Wire):
    """What is wrong with one line."""

    number: int
    """Its place in the report."""

    line: int
    """The line of the upload; 1 is its first."""

    severity: Literal["error", "warning"]
    """`error`: the line was left out. `warning`: it was taken, but not all of it."""

    field: str
    """The column; `(line)` and `(columns)` are the line as a whole."""

    received: str
    """What stood there."""

    advice: str
    """What to do."""


class FindingPage(Wire):
    """A page of a job's report, in the order of the lines."""

    data: list[Finding]
    """The findings."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class FrequencyCap(Wire):
    """How often one shopper may see the campaign's ads."""

    impressions: int
    """At most so many impressions."""

    seconds: int
    """In any so many seconds."""


class HourReport(Wire):
    """What one hour on a platform cost and brought."""

    hour: AwareDatetime
    """When the hour begins (RFC 3339, with a zone): a whole hour of UTC that has begun."""

    campaign_id: str | None = None
    """The campaign that it is of; null is the whole store, which takes a key of the whole store."""

    spend_micros: int
    """What it cost, in micros of the store's currency."""

    impressions: int
    """How often ads were shown."""

    clicks: int
    """How often one was clicked."""

    conversions: int
    """Orders that came of it."""


class Hours(Wire):
    """The same hours on some days of the week, in the campaign's zone."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    """The days."""

    from_: Annotated[str, Field(alias="from")]
    """When they begin, on each of the days."""

    to: str
    """When they end; before `from`, it is on the next day. 24:00 is midnight."""


class Impression(Wire):
    """An ad was rendered."""

    type: Literal["impression"]
    """What happened."""

    token: str
    """The ad's impression_url, view_url or click_url, or the token inside it."""


class ItemResult(Wire):
    """What became of one item."""

    index: int
    """Its place in the request."""

    status: int
    """What a request of its own would have got."""

    id: str | None = None
    """What was made; null if it has no id, or nothing was."""

    errors: Annotated[list[ProblemError], Field(validate_default=True)] = []
    """Why it was refused; pointers are into the item."""


class Job(Wire):
    """A job. It goes on when a worker or a server is restarted."""

    id: str
    """Names the job."""

    kind: str
    """What it does."""

    status: Literal["queued", "running", "done", "failed"]
    """`done` says that all was read, with or without bad lines; `failed`, that `error` ended it. What was taken by then is kept."""

    dry_run: bool
    """Whether it checks everything and changes nothing."""

    progress: float
    """From 0 to 1."""

    lines: int
    """The last line that was read."""

    good: int
    """Lines that were taken."""

    changed: int
    """Rows that are new or not what they were."""

    bad: int
    """Lines that were left out; the report names each."""

    warned: int
    """Warnings, such as of columns that are not used."""

    error: str | None
    """Why it failed; else null."""

    report: str
    """Where its findings are; with `.csv` behind, as a table."""

    created_at: AwareDatetime
    """When it was asked for."""

    updated_at: AwareDatetime
    """When it last moved."""

    started_at: AwareDatetime | None
    """When a worker first took it."""

    finished_at: AwareDatetime | None
    """When it was done or failed."""


class JobPage(Wire):
    """A page of jobs, the newest first."""

    data: list[Job]
    """The jobs."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class KeyDraft(Wire):
    """A key to be made."""

    name: str
    """What it is for."""

    kind: Literal["publishable", "secret"]
    """Publishable keys may stand in a page, secret ones may not."""

    scopes: list[Literal["serve", "events", "manage", "report", "admin"]]
    """What it may do. `admin` is everything in its store; publishable keys have `serve` and `events` at most."""

    origins: list[str] = []
    """Pages that may use a publishable key, without a path; `*` is any."""

    advertiser_id: str | None = None
    """Bind a secret key to this merchant: it sees nothing of the others. Null is the whole store."""


class Keyword(Wire):
    """A query that a campaign bids on, or refuses."""

    id: str
    """Names the keyword."""

    campaign_id: str
    """Its campaign."""

    text: str
    """What is searched for."""

    match_type: Literal["exact", "phrase", "broad"]
    """How closely a query must follow it: the same words, the same words side by side in it, or all of them anywhere in it."""

    negative: bool
    """Whether such queries are refused, not bid on."""


class KeywordBatch(Wire):
    """Keywords to be added to one campaign."""

    keywords: list[KeywordDraft]
    """The keywords; each stands by itself."""


class KeywordChange(Wire):
    """What to change of a keyword."""

    text: str | None = None
    """What shoppers search for. Kept in lower case, without markup."""

    match_type: Literal["exact", "phrase", "broad"] | None = None
    """How closely a query must follow it: the same words, the same words side by side in it, or all of them anywhere in it."""

    negative: bool | None = None
    """Whether such queries are refused, not bid on."""


class KeywordDraft(Wire):
    """A keyword to be added."""

    text: str
    """What shoppers search for. Kept in lower case, without markup."""

    match_type: Literal["exact", "phrase", "broad"] = "broad"
    """How closely a query must follow it: the same words, the same words side by side in it, or all of them anywhere in it."""

    negative: bool = False
    """Whether such queries are refused, not bid on."""


class KeywordPage(Wire):
    """A page of keywords, in the order of their ids."""

    data: list[Keyword]
    """The keywords."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class LedgerEntry(Wire):
    """One row of the ledger. It stays as it is."""

    campaign_id: str
    """Who paid."""

    impression_id: str
    """The impression that led to it."""

    kind: Literal["click", "impression", "order", "refund"]
    """What was paid for; or a refund."""

    amount_micros: int
    """How much, in micros; below zero it went back."""

    day: date
    """The day of the campaign's zone whose budget paid, or got it back."""

    happened_at: AwareDatetime
    """When the ad was asked for."""

    booked_at: AwareDatetime
    """When it was booked."""

    refund_of: Literal["click", "impression", "order", "refund"] | None
    """What a refund gives back; else null."""

    reason: str | None
    """Why a refund was given; else null."""

    reference: str
    """Tells orders, and refunds, of one impression apart; else empty."""

    platform: str | None = None
    """Where the ad was shown; null where a version before this did not say."""


class LedgerPage(Wire):
    """A page of the ledger, newest first."""

    data: list[LedgerEntry]
    """The rows."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class Liveness(Wire):
    """The process answers."""

    status: Literal["alive"]
    """Always alive."""


class NewApiKey(Wire):
    """A key that was just made, with its text."""

    id: str
    """Names the key."""

    name: str
    """What it is for."""

    kind: Literal["publishable", "secret"]
    """Publishable keys may stand in a page, secret ones may not."""

    scopes: list[str]
    """What it may do."""

    origins: list[str]
    """Pages that may use it."""

    advertiser_id: str | None
    """The merchant that it is bound to; null is the whole store."""

    created_at: AwareDatetime
    """When it was made."""

    key: str | None
    """The key itself. It is shown this once; when the request is repeated with its Idempotency-Key, it is null."""


class NewWebhook(Wire):
    """A webhook that was just made, with its secret."""

    id: str
    """Names the webhook."""

    url: str
    """Where it leads."""

    events: list[Literal["campaign.budget_low", "campaign.ended", "import.done"]]
    """What to tell. `campaign.budget_low`: 80 % and 95 % of a budget are spent. `campaign.ended`: a budget is used up, or the end date is over. `import.done`: an import came to its end, well or not."""

    active: bool
    """Whether it is called. Switched off, what waits for it is given up."""

    advertiser_id: str | None
    """The merchant whose it is, who is told of its own only; null is the shop."""

    created_at: AwareDatetime
    """When it was made."""

    secret: str | None
    """Signs what is sent: `Salient-Signature: t=<Unix seconds>,v1=<hex>`, where v1 is HMAC-SHA256 of t, a dot and the body under this secret. It is shown this once; when the request is repeated with its Idempotency-Key, it is null."""


class OptOutPage(Wire):
    """A page of the report, by what was said and phrase; the totals are of the whole."""

    data: list[OptOutRow]
    """A row for each phrase."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""

    totals: OptOutTotals
    """Of all pages."""


class OptOutRow(Wire):
    """One phrase, and who said it of how many products."""

    what: Literal["approved", "banned", "listed", "locked", "opted_out"]
    """`approved`, `banned` and `locked` were said of a product's selling point. `listed` stands in a list of banned phrases. `opted_out` has no phrase."""

    phrase: str
    """In lower case."""

    products: int | None
    """Of how many products; null where it holds for all of whoever said it."""

    merchants: int
    """How many merchants said it, each by its own key."""

    by_store: bool
    """Whether a key of the whole store said it."""


class OptOutTotals(Wire):
    """How many there are, and how many of them opted out of what."""

    products: int
    """In the catalogue."""

    products_banned: int
    """With at least one banned selling point."""

    products_locked: int
    """With at least one locked selling point."""

    merchants: int
    """All advertisers."""

    merchants_banning: int
    """Who banned a selling point, or list a phrase."""

    merchants_locking: int
    """Who locked a selling point."""

    merchants_opted_out: int
    """Who want no selling points at all."""


class PageContext(Wire):
    """Where the ads will stand."""

    page: str | None = None
    """Address of the page that asks."""

    device: Literal["desktop", "mobile", "tablet", "app"] | None = None
    """What the shopper holds."""

    geo: str | None = None
    """Country, and region if known (ISO 3166)."""

    locale: str | None = None
    """Language of the page (BCP 47)."""


class PageResponse(Wire):
    """The ads of several areas of a page, in the order asked for."""

    placements: list[AreaResponse]
    """An answer for each area."""

    took_ms: float
    """Time taken in the service."""


class Payment(Wire):
    """A payment of an advertiser. It stays as it is."""

    id: str
    """Names the payment."""

    advertiser_id: str
    """Whose."""

    amount_micros: int
    """How much, in micros."""

    note: str
    """What people call it."""

    created_at: AwareDatetime
    """When it was booked."""


class PaymentDraft(Wire):
    """Money that came in, or goes out again."""

    amount_micros: int
    """How much, in micros of the store's currency; below zero it is paid out again, at most the balance. Not 0."""

    note: str = ""
    """What people call it."""


class PaymentPage(Wire):
    """A page of payments, in the order in which they were booked."""

    data: list[Payment]
    """The payments."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class PerformancePage(Wire):
    """A page of the report, by day and campaign."""

    data: list[PerformanceRow]
    """A row for each campaign and day on which anything happened."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class PerformanceRow(Wire):
    """
    One campaign on one day (UTC). Only valid events count.

    Impressions, views, clicks and spend belong to the day on which the ad was decided,
    conversions to the day on which they happened.
    """

    day: date
    """The day, in UTC."""

    campaign_id: str
    """The campaign."""

    campaign_name: str
    """What people call it now."""

    advertiser_id: str
    """Whose it is."""

    impressions: int
    """How often one of its ads was shown."""

    views: int
    """How often one was in view for a second."""

    clicks: int
    """How often one was clicked."""

    invalid_clicks: int
    """Clicks of bots and the like; they cost nothing."""

    conversions: int
    """Lines of orders that the shop told with the ad's token."""

    spend_micros: int
    """What was charged and not given back, in micros of the store's currency."""


class Placement(Wire):
    """A named area of a page, on one platform."""

    name: str
    """What requests for ads call it."""

    platform: str
    """The platform that it belongs to."""

    slots: int
    """How many ads it can show."""

    reserve_micros: int
    """The least that a click costs here, in micros."""

    title_limit: int
    """The longest title, unless the platform asks for shorter ones."""

    selling_point_cap: int
    """How many selling points a title may show."""

    phrase_style: Literal["in_place", "front"]
    """What to do with a selling point that stands in the title already: mark it there, or bring it to the front."""

    phrase_position: Literal["prefix", "suffix"]
    """Where selling points stand that the title does not say already: before it, or after it."""

    rule: Literal["gsp", "vcg", "first"]
    """What a click costs: `gsp`, the least that keeps the ad's place over the next; `vcg`, what its being there costs all others; `first`, its bid."""

    squash_ppm: int
    """The power, in parts per million, that P(click) is raised to before it weighs a bid: 1,000,000 leaves it as it is, 0 ranks by bids alone."""

    relevance_floor_ppm: int
    """The least share of the query's words, by weight, that an ad's product must have in its title, brand or category to be shown at any bid, in parts per million; 0 for no floor. Requests by category have none."""

    exposure_ppm: list[int]
    """How many of a million shoppers look at each slot, from the top, never rising; slots past the last are seen as often as that, and all alike where there is none. Prices of `vcg` depend on it."""


class PlacementPage(Wire):
    """A page of placements, in the order of their names."""

    data: list[Placement]
    """The placements."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class PlacementSpec(Wire):
    """A placement as a whole: what is left out takes its default."""

    platform: str
    """The platform that it belongs to."""

    slots: int
    """How many ads it can show."""

    reserve_micros: int
    """The least that a click costs here, in micros; lower bids stay out."""

    title_limit: int = 150
    """The longest title, in characters as people count them. Where the platform asks for shorter ones, that holds."""

    selling_point_cap: int = 2
    """How many selling points a title may show."""

    phrase_style: Literal["in_place", "front"] = "in_place"
    """What to do with a selling point that stands in the title already: mark it there, or bring it to the front."""

    phrase_position: Literal["prefix", "suffix"] = "prefix"
    """Where selling points stand that the title does not say already: before it, or after it."""

    rule: Literal["gsp", "vcg", "first"] = "gsp"
    """What a click costs: `gsp`, the least that keeps the ad's place over the next; `vcg`, what its being there costs all others; `first`, its bid."""

    squash_ppm: int = 1000000
    """The power, in parts per million, that P(click) is raised to before it weighs a bid: 1,000,000 leaves it as it is, 0 ranks by bids alone."""

    relevance_floor_ppm: int = 150000
    """The least share of the query's words, by weight, that an ad's product must have in its title, brand or category to be shown at any bid, in parts per million; 0 for no floor. Requests by category have none."""

    exposure_ppm: list[int] = []
    """How many of a million shoppers look at each slot, from the top, never rising; slots past the last are seen as often as that, and all alike where there is none. Prices of `vcg` depend on it."""


class Platform(Wire):
    """A channel that budgets are spent on; it exists by being named."""

    name: str
    """What it is called."""

    placements: int
    """How many placements stand on it."""

    campaigns: int
    """How many campaigns may run on it, by name or because they run on all; ended ones do not count."""

    title_limit: int | None
    """The longest title anywhere on it, in characters as people count them; null for what each placement allows."""


class PlatformHour(Wire):
    """What one hour on a platform cost and brought, as it is known now."""

    hour: AwareDatetime
    """When it begins."""

    campaign_id: str | None
    """The campaign that it is of; null is the whole store."""

    source: Literal["reported", "own"]
    """`reported` through this API, or counted from the shop's `own` events; where both stand for an hour, they count together."""

    spend_micros: int
    """What it cost, in micros of the store's currency."""

    impressions: int
    """How often ads were shown."""

    clicks: int
    """How often one was clicked."""

    conversions: int
    """Orders that came of it."""

    told_at: AwareDatetime
    """When it was told or counted last."""


class PlatformHourPage(Wire):
    """A page of a platform's hours, newest first."""

    data: list[PlatformHour]
    """The hours."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class PlatformPage(Wire):
    """A page of platforms, in the order of their names."""

    data: list[Platform]
    """The platforms."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class PlatformShare(Wire):
    """What one platform is to have of each day's budget, in parts per million."""

    platform: str
    """One that the campaign runs on."""

    share_ppm: int | None = None
    """Its share, of mode `fixed` alone; all together are 1,000,000."""

    floor_ppm: int = 0
    """At least so much, of mode `auto`."""

    cap_ppm: int = 1000000
    """At most so much, of mode `auto`."""


class PlatformSpec(Wire):
    """What holds for all placements of a platform: what is left out is not limited."""

    title_limit: int | None = None
    """The longest title anywhere on it, in characters as people count them; null for what each placement allows."""


class PointVerdict(Wire):
    """What is said of one selling point."""

    id: str
    """Which one."""

    state: Literal["suggested", "approved", "locked", "banned"]
    """`suggested`: nobody said anything, it may be shown. `approved`: somebody read it, it may be shown. `locked`: it goes before all others. `banned`: it is never shown. It stays when the product is imported again, or deleted and brought back."""


class PointVerdicts(Wire):
    """What is said of some of a product's selling points; the others stay as they are."""

    selling_points: list[PointVerdict]
    """Each at most once."""


class Problem(Wire):
    """Problem details (RFC 9457), as `application/problem+json`."""

    type: str
    """Names the kind of problem."""

    title: str
    """The kind of problem in words."""

    status: int
    """The HTTP status."""

    detail: str
    """What went wrong this time."""

    code: str
    """For programs to act on."""

    trace_id: str
    """The request's trace (W3C traceparent), to quote when asking for help."""

    errors: Annotated[list[ProblemError], Field(validate_default=True)] = []
    """Each thing that is wrong, if the body is at fault."""


class ProblemError(Wire):
    """One thing that is wrong with the request."""

    pointer: str
    """Where in the body (JSON pointer, RFC 6901)."""

    code: str
    """What kind of fault."""

    detail: str
    """What was expected, and what was received."""


class Product(Wire):
    """One product of the shop."""

    id: str
    """The shop's own id of it."""

    title: str
    """What the shop calls it."""

    link: str
    """Where a click leads."""

    price_micros: int
    """In millionths of the store's currency."""

    description: str
    """In the shop's words."""

    brand: str
    """Its brand."""

    category: str
    """Its path in the shop."""

    image_link: str
    """Its picture."""

    in_stock: bool
    """Whether it can be had."""

    highlights: list[str]
    """What is good about it."""

    attributes: dict[str, str]
    """Facts by name."""

    updated_at: AwareDatetime
    """When it last changed."""


class ProductPage(Wire):
    """A page of products, in the order of their ids."""

    data: list[Product]
    """The products."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class ProductSpec(Wire):
    """A product as a whole: what is left out takes its default. Markup is taken out of texts."""

    title: str
    """What the shop calls it."""

    link: str
    """Where a click leads: https, or a path on the store's site."""

    price_micros: int
    """In millionths of the store's currency."""

    description: str = ""
    """In the shop's words."""

    brand: str = ""
    """Its brand."""

    category: str = ""
    """Its path in the shop."""

    image_link: str = ""
    """Its picture, as `link`."""

    in_stock: bool = True
    """Whether it can be had."""

    highlights: list[str] = []
    """What is good about it: selling points are made of these."""

    attributes: dict[str, str] | None = None
    """Facts by name: selling points are made of these, too."""


class ProductTitle(Wire):
    """A product's title for this shopper and query."""

    product_id: str
    """The shop's product."""

    title: Title
    """The title to show."""

    reason: str
    """How the title was made: personal, prior, common, explored or plain."""

    selling_points: list[SellingPointScore] | None = None
    """Only with a secret key and `explain`: the selling points in the title."""


class Profile(Wire):
    """What ads are chosen by: the shopper's last actions, newest first."""

    feature_words: list[Done]
    """Feature words that they clicked."""

    clicked_products: list[Done]
    """Titles of the products whose ads they clicked."""

    queries: list[Done]
    """What they searched for."""

    hidden_ads: list[str]
    """Ads that they do not want to see again."""

    selling_points_seen: dict[str, int]
    """Selling points in the titles of their newest pages, and how often."""

    capped_campaigns: dict[str, AwareDatetime]
    """Campaigns whose ads they saw as often as these allow, and until when their ads stay out."""

    bought_products: dict[str, AwareDatetime]
    """What they bought lately, and until when its ads stay out."""


class QualityReason(Wire):
    """Something that raises or lowers an ad's quality."""

    code: str
    """One of `fewer_clicks`, `more_clicks`, `few_impressions`, `not_known`, `keyword_not_said`, `no_keywords`, `out_of_stock`, `no_image`, `no_description`, `no_highlights`, `short_title`; more may come."""

    detail: str
    """The same in words."""


class Readiness(Wire):
    """Whether requests should be sent here."""

    status: Literal["ready", "starting", "draining"]
    """Ready to serve, before the first snapshot, or about to stop."""

    stores: int
    """How many shops are served."""

    models: list[str]
    """Models in use."""


class Reason(Wire):
    """One thing that made this ad appear, or its title read as it does."""

    kind: Literal[
        "search", "category", "feature_word", "earlier_search", "clicked_product", "recent_actions"
    ]
    """`search`, `category`: what the page was asked for. `feature_word`, `earlier_search`, `clicked_product`: something that this shopper did before. `recent_actions`: what they did lately, taken together."""

    text: str | None = None
    """The words searched for or clicked."""

    selling_point: str | None = None
    """What the title says because of it; null: it made the ad appear."""


class RecentAward(Wire):
    """A slot, won."""

    slot: int
    """Position, 0 on top."""

    impression_id: str
    """As in the answer."""

    ad_id: str
    """Id of the ad."""

    campaign_id: str
    """Id of the campaign."""

    product_id: str
    """The shop's product."""

    price_micros: int
    """What a click costs."""

    bid_micros: int
    """What was offered."""

    quality_ppm: int
    """Predicted click rate, parts per million."""

    reason: str
    """How the title was made: personal, prior, common, explored or plain."""

    selling_points: list[SellingPointScore]
    """The selling points in the title."""

    events: list[AwardEvent]
    """What became of it, as it came."""


class RecentDecision(Wire):
    """An answer to one request for ads. It does not say who asked."""

    request_id: str
    """Id of it."""

    at: AwareDatetime
    """When it was made."""

    query: str
    """What was searched for."""

    category: str
    """Or looked at."""

    placement: str
    """Where it stands."""

    personal: bool
    """Whether a shopper's profile was read."""

    awards: list[RecentAward]
    """The ads, from the top."""

    no_fill_reason: str | None
    """Why there are no ads, if so."""

    degraded: list[str]
    """Parts that were done without."""

    took_us: int
    """Time taken, in microseconds."""


class RecentEvent(Wire):
    """Something that a shopper did. It does not say who."""

    type: str
    """What happened."""

    received_at: AwareDatetime
    """When it came."""

    query: str | None
    """The query in force, if any."""

    feature_word: str | None
    """The feature word clicked, if any."""

    product_id: str | None
    """The product, if any."""

    campaign_id: str | None
    """The ad's campaign, if any."""

    impression_id: str | None
    """The ad's, if any."""

    slot: int | None
    """The ad's, if any."""

    price_micros: int | None
    """What the ad's click costs."""

    value_micros: int | None
    """Worth of a cart or an order."""

    invalid_reason: str | None
    """Why it does not count, if so."""


class RefundDraft(Wire):
    """
    Which charges to give back: those that all of the given conditions meet.

    Name impressions, or a campaign with the time in which its charges were booked.
    """

    reason: Literal[
        "bot",
        "datacentre",
        "prefetch",
        "too_fast",
        "too_many",
        "replay",
        "no_impression",
        "invalid",
        "returned",
        "goodwill",
    ]
    """Why. All but `goodwill` and `returned` say that it was no shopper's doing: the event keeps the reason, and nothing is learnt from it any more."""

    impression_ids: list[str] | None = None
    """Charges for these impressions."""

    campaign_id: str | None = None
    """Charges of this campaign."""

    since: AwareDatetime | None = None
    """Charges booked then or later."""

    until: AwareDatetime | None = None
    """Charges booked before then. At most 2000 at once: the oldest first; `more` tells whether to ask again."""


class Refunds(Wire):
    """What was given back."""

    refunded: int
    """How many charges."""

    refunded_micros: int
    """How much."""

    not_refunded: list[str]
    """Of the impressions that were named, those of which nothing was left to give back, or nothing was ever charged."""

    more: bool
    """Whether there are more charges to give back."""


class ResultsBatch(Wire):
    """Hours of one platform."""

    results: list[HourReport]
    """The hours; each stands by itself, and replaces what was told of the same hour and campaign before."""


class Return(Wire):
    """Pieces of an order's line came back. The return's own id makes it unique in the line."""

    type: Literal["return"]
    """What happened."""

    order_id: str
    """The shop's id of the order."""

    line: int = 0
    """Number of the order's line."""

    return_id: str
    """The shop's id of the return."""

    occurred_at: AwareDatetime | None = None
    """When it happened (RFC 3339); by default when it arrived."""

    quantity: int = 1
    """How many came back."""

    value: int | None = None
    """What was given back for it, in micros; by default what the pieces were sold for."""


class Search(Wire):
    """A shopper searched."""

    type: Literal["search"]
    """What happened."""

    event_id: str
    """The caller's own id of this event. Sent again, it counts once."""

    occurred_at: AwareDatetime | None = None
    """When it happened (RFC 3339); by default when it arrived."""

    user: User | None = None
    """Who the shopper is."""

    query: str
    """What was searched for."""


class SellingPoint(Wire):
    """A short true phrase about a product."""

    id: str
    """Names it."""

    text: str
    """What titles say."""

    kind: str | None
    """attribute, benefit, service, promo or social; null if the product does not say it any more."""

    state: Literal["suggested", "approved", "locked", "banned"]
    """`suggested`: nobody said anything, it may be shown. `approved`: somebody read it, it may be shown. `locked`: it goes before all others. `banned`: it is never shown. It stays when the product is imported again, or deleted and brought back."""

    evidence: Evidence | None
    """Null if the product does not say it any more; it is then not shown."""

    valid_until: AwareDatetime | None = None
    """When what it says of price, promotion or stock runs out; null: never."""

    barred: (
        Literal[
            "banned",
            "opted_out",
            "banned_phrase",
            "superlative",
            "health_claim",
            "other_brand",
            "expired",
        ]
        | None
    ) = None
    """Why no title says it now; null: titles may. `banned`: somebody banned it. `opted_out`: the store, or a merchant who has ads for the product, wants none. `banned_phrase`: a list of theirs holds it. `superlative`: nobody can prove it. `health_claim`: and the product has no certificate among its attributes. `other_brand`: it names a brand of the store that the title does not. `expired`: see `valid_until`."""


class SellingPointRule(Wire):
    """What an arm does with selling points: what is left out is as for everybody else."""

    source: Literal["none", "common", "personal"] = "personal"
    """Where selling points come from: `none` (plain titles), `common` (what is popular with everybody), `personal` (what this shopper and this query care about)."""

    most: int | None = None
    """The most selling points in a title, in place of the placement's `selling_point_cap`; null keeps that. A placement that shows none shows none in any arm."""

    highlight: Literal["chosen", "none"] = "chosen"
    """Which parts of a title have `highlight`: the `chosen` selling points, or `none`."""


class SellingPointRules(Wire):
    """What no title may say, and what it may although a rule of Salient's is against it."""

    banned: list[str] = []
    """No selling point that holds all telling words of one of these, in any order and number, is shown."""

    allowed: list[str] = []
    """Those that hold all telling words of one of these may be superlatives, health claims, or name another brand."""

    opted_out: bool = False
    """Whether titles stay as in the catalogue: no selling points at all."""


class SellingPointScore(Wire):
    """A selling point that was chosen, and how."""

    id: str
    """Id of the selling point."""

    text: str
    """The phrase."""

    score: float
    """Predicted chance that it is liked."""

    propensity: float
    """The chance with which it was picked."""


class SellingPoints(Wire):
    """All selling points of one product."""

    product_id: str
    """The product."""

    selling_points: list[SellingPoint]
    """Those that the product attests, and those that somebody said something of before."""


class SponsoredAd(Wire):
    """One slot, won. Show the label, load the impression URL, link to the click URL."""

    ad_id: str
    """Id of the ad."""

    product_id: str
    """The shop's product."""

    campaign_id: str
    """Id of the campaign."""

    slot: int
    """Position, 0 on top."""

    title: Title
    """The title to show."""

    impression_id: str
    """Ties impression, view, click and conversion together."""

    click_url: str
    """Link to this."""

    impression_url: str
    """Load this when the ad is rendered."""

    view_url: str
    """Load this when half of the ad was in view for a second."""

    label: str
    """Must be shown with the ad."""

    explain: AdExplanation | None = None
    """Only with a secret key and `explain`."""


class StoreChange(Wire):
    """What to change; what is not given stays."""

    attribution_days: Literal[7, 14, 30] | None = None
    """How long after a click an order is owed to it, unless the campaign says so."""

    view_through_hours: int | None = None
    """How long after a view an order is owed to it; 0 is never."""

    just_bought_days: int | None = None
    """How long a shopper is shown no ad for what they bought; 0 turns that off."""

    impression_grace_seconds: int | None = None
    """How long after a click was recorded somebody may tell that its ad was shown; then it is paid back. 0 turns that off."""


class StoreTerms(Wire):
    """What holds in the store, for all campaigns and shoppers."""

    id: str
    """Id of the store."""

    name: str
    """Its name."""

    currency: str
    """ISO 4217."""

    locale: str
    """BCP 47."""

    site_url: str
    """Where its pages are."""

    attribution_days: Literal[7, 14, 30]
    """How long after a click an order is owed to it, unless the campaign says so."""

    view_through_hours: int
    """How long after a view an order is owed to it; 0 is never."""

    just_bought_days: int
    """How long a shopper is shown no ad for what they bought; 0 turns that off."""

    impression_grace_seconds: int
    """How long after a click was recorded somebody may tell that its ad was shown; then it is paid back. 0 turns that off."""


class Title(Wire):
    """The title to show, in parts, so that no markup has to be parsed."""

    text: str
    """The whole title."""

    original: str
    """The catalogue's title."""

    parts: list[TitlePart]
    """The title in order."""

    left_out: list[str] = []
    """What names the product (brand, model, size) and had no room in the longest title that the placement allows. Absent where nothing had to go."""


class TitlePart(Wire):
    """A run of the title. The parts, joined, are the text."""

    text: str
    """Plain text, never markup."""

    selling_point: str | None
    """Id of the selling point shown here. One that the title says with a small word or a number inside is shown in several parts."""

    highlight: bool
    """Whether to set this part off from the rest."""


class TitlesRequest(Wire):
    """Ask for titles with selling points, for products that the page shows anyway."""

    products: list[str]
    """The shop's products, in any order."""

    placement: str
    """Whose limits hold: length of titles, how many selling points, where."""

    query: str | None = None
    """What the shopper searched for: a phrase that says no more than this is not chosen."""

    user: User | None = None
    """Who the shopper is."""

    timeout_ms: int = 100
    """Answer within this time, with plain titles if need be."""

    explain: bool = False
    """Add scores. Needs a secret key."""


class TitlesResponse(Wire):
    """The titles, in the order asked for, and what has none."""

    titles: list[ProductTitle]
    """A title for each product that is known."""

    unknown: list[str]
    """Products asked for that are not in the catalogue, or not yet; for a merchant's key also those of others."""

    degraded: list[str]
    """Parts that were done without: no_profile, plain_titles, no_snapshot."""

    took_ms: float
    """Time taken in the service."""


class User(Wire):
    """Who the shopper is, as far as the shop may say."""

    id: str | None = None
    """The shop's own id of the shopper. Kept only with consent."""

    session: str | None = None
    """The shop's id of this visit. Kept only with consent."""

    consent: bool = False
    """Whether the shopper agreed to personal ads. Without it, or with the header `Sec-GPC: 1`, no profile is read or written."""


class UserExport(Wire):
    """Everything that is held of one shopper; the records in pages, oldest first."""

    data: list[UserRecord]
    """Events and decisions, oldest first."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""

    id: str
    """The shop's own id of the shopper."""

    consent: Consent | None
    """What they said here; null if nothing, so that each request says."""

    profile: Profile | None
    """The profile in force; null if there is none."""


class UserRecord(Wire):
    """One event or decision that names the shopper."""

    id: str
    """Tells records of one moment apart."""

    kind: Literal["event", "decision"]
    """What the shopper did, or what was decided for them."""

    at: AwareDatetime
    """When it was."""

    content: dict[str, Any]
    """All that is held of it."""


class View(Wire):
    """Half of an ad was in view for a second."""

    type: Literal["view"]
    """What happened."""

    token: str
    """The ad's impression_url, view_url or click_url, or the token inside it."""


class Webhook(Wire):
    """A webhook. Its secret is shown once, when it is made."""

    id: str
    """Names the webhook."""

    url: str
    """Where it leads."""

    events: list[Literal["campaign.budget_low", "campaign.ended", "import.done"]]
    """What to tell. `campaign.budget_low`: 80 % and 95 % of a budget are spent. `campaign.ended`: a budget is used up, or the end date is over. `import.done`: an import came to its end, well or not."""

    active: bool
    """Whether it is called. Switched off, what waits for it is given up."""

    advertiser_id: str | None
    """The merchant whose it is, who is told of its own only; null is the shop."""

    created_at: AwareDatetime
    """When it was made."""


class WebhookChange(Wire):
    """What to change of a webhook."""

    url: str | None = None
    """Where to POST to: https, at a public address. Redirects are not followed."""

    events: list[Literal["campaign.budget_low", "campaign.ended", "import.done"]] | None = None
    """What to tell. `campaign.budget_low`: 80 % and 95 % of a budget are spent. `campaign.ended`: a budget is used up, or the end date is over. `import.done`: an import came to its end, well or not."""

    active: bool | None = None
    """Whether it is called. Switched off, what waits for it is given up."""


class WebhookDelivery(Wire):
    """One event, and what came of telling it."""

    id: str
    """Names the delivery."""

    event_id: str
    """The event; it stands in the body and in `Salient-Event-Id`, the same on every try, so that a receiver can tell repeats."""

    type: Literal["campaign.budget_low", "campaign.ended", "import.done"]
    """What happened."""

    status: Literal["waiting", "delivered", "given_up"]
    """`waiting` for its first or next try, `delivered`, or `given_up` after a day."""

    tries: int
    """Calls so far."""

    next_try_at: AwareDatetime | None
    """When it is tried next."""

    last_status: int | None
    """The last answer's status, if there was one."""

    last_error: str | None
    """Why the last try failed."""

    created_at: AwareDatetime
    """When it happened."""

    delivered_at: AwareDatetime | None
    """When it was heard."""


class WebhookDeliveryPage(Wire):
    """A page of deliveries, the newest first."""

    data: list[WebhookDelivery]
    """The deliveries."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class WebhookDraft(Wire):
    """A webhook to be made."""

    url: str
    """Where to POST to: https, at a public address. Redirects are not followed."""

    events: list[Literal["campaign.budget_low", "campaign.ended", "import.done"]]
    """What to tell. `campaign.budget_low`: 80 % and 95 % of a budget are spent. `campaign.ended`: a budget is used up, or the end date is over. `import.done`: an import came to its end, well or not."""

    active: bool = True
    """Whether it is called. Switched off, what waits for it is given up."""


class WebhookPage(Wire):
    """A page of webhooks, in the order of their ids."""

    data: list[Webhook]
    """The webhooks."""

    next: str | None
    """Give it as `cursor` for the next page; null is the last page."""


class Why(Wire):
    """Why a shopper was shown an ad."""

    impression_id: str
    """The ad as it was shown."""

    sponsored: bool
    """Somebody pays for it: always true."""

    label: str
    """How it was labelled."""

    advertiser: str | None
    """Who pays; null if it is gone since."""

    product: str
    """The product's own title."""

    shown_at: AwareDatetime
    """When it was chosen."""

    personal: bool
    """Whether anything that this shopper did before was looked at."""

    reasons: list[Reason]
    """What made it, the page first."""
