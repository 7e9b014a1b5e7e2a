"""The page of budgets over platforms, on a screen and on a phone, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINES_HIGH = 20 * 24  # pixels: what a platform's part of the page needs on a phone, and some


@pytest.fixture
def page(shopper: Page) -> Page:
    """The page with its first plan, which the worker makes within ten seconds."""
    for _ in range(30):
        shopper.goto("/split")
        if shopper.locator("table.split").count():
            return shopper
        shopper.wait_for_timeout(1_000)
    pytest.fail("the day was not planned within 30 s")


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_a_platform_takes_a_few_lines_and_nothing_runs_out_of_the_page(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    rows = page.locator("table.split tbody tr")
    assert rows.count() == 3
    for row in rows.all():
        box = row.bounding_box()
        assert box is not None
        assert box["height"] < LINES_HIGH
        assert box["x"] + box["width"] <= width
    assert page.locator("body").bounding_box()["width"] == width  # type: ignore[index]


def test_rows_stay_a_table_for_who_hears_them_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.get_by_role("columnheader").count() == 7
    assert page.get_by_role("rowheader", name="video").count() == 1
    assert page.get_by_role("row").count() == 1 + 3


def test_a_plan_opens_by_the_keyboard(page: Page) -> None:
    plan = page.locator(".plans details").last
    assert not plan.locator("li").first.is_visible()
    plan.locator("summary").focus()
    page.keyboard.press("Enter")
    assert plan.locator("li").first.is_visible()
