"""The API as one ASGI application: its routes, its problems, its description."""

from __future__ import annotations

from functools import partial
from typing import Any

from service.api import ads, ads_js, events, fallbacks, health, openapi, pixels, titles
from service.api.hot_route import HotApp
from service.api.management import (
    activity,
    advertisers,
    allocation_policies,
    allocations,
    attributions,
    audit_log,
    campaign_ads,
    campaigns,
    experiments,
    imports,
    impressions,
    jobs,
    keys,
    keywords,
    ledger,
    opt_outs,
    payments,
    placements,
    platform_hours,
    platform_results,
    platforms,
    products,
    quality,
    refunds,
    reports,
    selling_point_rules,
    selling_points,
    store,
    users,
    webhooks,
)

MANAGED = (
    store,
    products,
    selling_points,
    selling_point_rules,
    advertisers,
    payments,
    campaigns,
    campaign_ads,
    quality,
    keywords,
    allocation_policies,
    allocations,
    ledger,
    refunds,
    placements,
    platforms,
    platform_hours,
    platform_results,
    keys,
    experiments,
    impressions,
    imports,
    jobs,
    audit_log,
    reports,
    attributions,
    opt_outs,
    activity,
    users,
    webhooks,
)


def make_application(version: str, **options: Any) -> HotApp:
    """The application. Whoever runs it puts a `State` at `app.state.salient` first."""
    app = HotApp(
        title=openapi.TITLE,
        summary=openapi.SUMMARY,
        description=openapi.DESCRIPTION,
        version=version,
        openapi_tags=openapi.TAGS,
        generate_unique_id_function=openapi.operation_id,
        docs_url=None,  # the page is the web room's own: FastAPI's asks a CDN
        redoc_url=None,
        redirect_slashes=False,  # such a redirect would lead to whatever Host the caller names
        **options,
    )
    for routes in (ads, titles, events, pixels):
        routes.add_routes(app)
    for resource in MANAGED:
        app.include_router(resource.router)
    app.include_router(health.router)
    app.include_router(ads_js.router)
    fallbacks.install(app)
    app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign] # FastAPI's way
    return app
