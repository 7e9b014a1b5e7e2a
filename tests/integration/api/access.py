"""What every route asks of its caller: the matrix that `test_access_matrix` tries."""

from __future__ import annotations

from typing import Literal, NamedTuple

Of = Literal["own", "shared", "refused"]


class Access(NamedTuple):
    """What a route asks of its caller. No scope: it takes no key."""

    scope: str | None
    merchants: Of = "own"  # what a merchant's key with the scope reaches
    publishable: bool = False
    also: str | None = None  # another scope that opens it


OPEN = Access(None)
WHOLE_STORE = Access("manage", "refused")
MANAGE, REPORT, ADMIN = Access("manage"), Access("report"), Access("admin")
SHARED = Access("manage", "shared")
ACCESS = {
    "GET /livez": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPEN,
    "GET /i/{token}.gif": OPEN,
    "GET /v/{token}.gif": OPEN,
    "GET /c/{token}": OPEN,
    "POST /v1/ads": Access("serve", "refused", publishable=True),
    "POST /v1/titles": Access("serve", publishable=True, also="manage"),
    "POST /v1/events": Access("events", "refused", publishable=True),
    "GET /v1/products": SHARED,
    "GET /v1/products/{product_id}": SHARED,
    "PUT /v1/products/{product_id}": WHOLE_STORE,
    "DELETE /v1/products/{product_id}": WHOLE_STORE,
    "GET /v1/products/{product_id}/selling-points": MANAGE,
    "PUT /v1/products/{product_id}/selling-points": MANAGE,
    "GET /v1/selling-point-rules": WHOLE_STORE,
    "PUT /v1/selling-point-rules": WHOLE_STORE,
    "GET /v1/advertisers/{advertiser_id}/selling-point-rules": MANAGE,
    "PUT /v1/advertisers/{advertiser_id}/selling-point-rules": MANAGE,
    "POST /v1/products/import": WHOLE_STORE,
    "POST /v1/imports": MANAGE,
    "GET /v1/jobs": MANAGE,
    "GET /v1/jobs/{job_id}": MANAGE,
    "GET /v1/jobs/{job_id}/report": MANAGE,
    "GET /v1/jobs/{job_id}/report.csv": MANAGE,
    "POST /v1/advertisers": WHOLE_STORE,
    "GET /v1/advertisers": MANAGE,
    "GET /v1/advertisers/{advertiser_id}": MANAGE,
    "PATCH /v1/advertisers/{advertiser_id}": MANAGE,
    "DELETE /v1/advertisers/{advertiser_id}": WHOLE_STORE,
    "POST /v1/advertisers/{advertiser_id}/payments": WHOLE_STORE,
    "GET /v1/advertisers/{advertiser_id}/payments": MANAGE,
    "GET /v1/advertisers/{advertiser_id}/invoices/{month}.csv": REPORT,
    "POST /v1/refunds": WHOLE_STORE,
    "GET /v1/refunds": MANAGE,
    "GET /v1/campaigns/{campaign_id}/ledger": REPORT,
    "POST /v1/campaigns": MANAGE,
    "GET /v1/campaigns": MANAGE,
    "GET /v1/campaigns/{campaign_id}": MANAGE,
    "PATCH /v1/campaigns/{campaign_id}": MANAGE,
    "DELETE /v1/campaigns/{campaign_id}": MANAGE,
    "POST /v1/campaigns/{campaign_id}/ads": MANAGE,
    "GET /v1/ads": MANAGE,
    "GET /v1/ads/{ad_id}": MANAGE,
    "GET /v1/ads/{ad_id}/quality": MANAGE,
    "PATCH /v1/ads/{ad_id}": MANAGE,
    "DELETE /v1/ads/{ad_id}": MANAGE,
    "POST /v1/campaigns/{campaign_id}/keywords": MANAGE,
    "GET /v1/campaigns/{campaign_id}/keywords": MANAGE,
    "GET /v1/campaigns/{campaign_id}/keywords/{keyword_id}": MANAGE,
    "PATCH /v1/campaigns/{campaign_id}/keywords/{keyword_id}": MANAGE,
    "DELETE /v1/campaigns/{campaign_id}/keywords/{keyword_id}": MANAGE,
    "GET /v1/campaigns/{campaign_id}/allocation": MANAGE,
    "PUT /v1/campaigns/{campaign_id}/allocation": MANAGE,
    "DELETE /v1/campaigns/{campaign_id}/allocation": MANAGE,
    "POST /v1/campaigns/{campaign_id}/allocations": MANAGE,
    "GET /v1/campaigns/{campaign_id}/allocations": MANAGE,
    "GET /v1/placements": SHARED,
    "GET /v1/placements/{name}": SHARED,
    "PUT /v1/placements/{name}": WHOLE_STORE,
    "DELETE /v1/placements/{name}": WHOLE_STORE,
    "GET /v1/store": WHOLE_STORE,
    "PATCH /v1/store": WHOLE_STORE,
    "GET /v1/platforms": SHARED,
    "PUT /v1/platforms/{platform_name}": WHOLE_STORE,
    "GET /v1/platforms/{platform_name}/results": MANAGE,
    "POST /v1/platforms/{platform_name}/results": MANAGE,
    "POST /v1/keys": ADMIN,
    "GET /v1/keys": ADMIN,
    "GET /v1/keys/{key_id}": ADMIN,
    "DELETE /v1/keys/{key_id}": ADMIN,
    "POST /v1/experiments": WHOLE_STORE,
    "GET /v1/experiments": WHOLE_STORE,
    "GET /v1/experiments/{experiment_id}": WHOLE_STORE,
    "PATCH /v1/experiments/{experiment_id}": WHOLE_STORE,
    "GET /v1/audit-log": ADMIN,
    "GET /v1/reports/performance": REPORT,
    "GET /v1/reports/conversions": REPORT,
    "GET /v1/reports/opt-outs": REPORT,
    "GET /v1/ads/{impression_id}/why": Access("serve", "refused", publishable=True),
    "POST /v1/ads/{impression_id}/hide": Access("events", "refused", publishable=True),
    "PUT /v1/users/{user_id}/consent": WHOLE_STORE,
    "GET /v1/users/{user_id}": WHOLE_STORE,
    "DELETE /v1/users/{user_id}": WHOLE_STORE,
    "POST /v1/webhooks": MANAGE,
    "GET /v1/webhooks": MANAGE,
    "GET /v1/webhooks/{webhook_id}": MANAGE,
    "PATCH /v1/webhooks/{webhook_id}": MANAGE,
    "DELETE /v1/webhooks/{webhook_id}": MANAGE,
    "GET /v1/webhooks/{webhook_id}/deliveries": MANAGE,
    "GET /v1/activity": Access("report", "refused"),
}
