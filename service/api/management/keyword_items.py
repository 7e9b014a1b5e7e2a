"""What becomes of each keyword that is to be added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.ids import new_id
from service.api.management.batch_items import Refused
from service.api.schemas.keywords import LONGEST, Keyword, KeywordBatch, KeywordDraft
from service.errors import Fault
from service.store.feeds.text import plain_text
from service.store.management.keywords import KeywordRow, count_keywords, known_keywords

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

MOST_KEYWORDS = 10_000
"""Of one campaign."""

Words = tuple[str, str, bool]  # text, match type, negative


async def sift_keywords(
    connection: AsyncConnection, campaign_id: str, batch: KeywordBatch
) -> list[KeywordRow | Refused]:
    """Each item as a new row, or why it is none."""
    texts = [plain(item.text) for item in batch.items() if isinstance(item, KeywordDraft)]
    known = await known_keywords(connection, campaign_id, texts)
    room = MOST_KEYWORDS - await count_keywords(connection, campaign_id)
    outcomes: list[KeywordRow | Refused] = []
    for item in batch.items():
        outcome = _row(item, known, room) if isinstance(item, KeywordDraft) else item
        if isinstance(outcome, KeywordRow):
            known.add(words_of(outcome))
            room -= 1
        outcomes.append(outcome)
    return outcomes


def _row(draft: KeywordDraft, known: set[Words], room: int) -> KeywordRow | Refused:
    text = plain(draft.text)
    if not 1 <= len(text) <= LONGEST:
        return Refused(422, (unusable(draft.text),))
    row = KeywordRow(new_id("kw"), text, draft.match_type.value, draft.negative)
    if words_of(row) in known:
        return Refused(409, (Fault("/text", "exists", f"The campaign has {text!a} already"),))
    if room <= 0:
        detail = f"A campaign has at most {MOST_KEYWORDS} keywords"
        return Refused(422, (Fault("", "too_many", detail),))
    return row


def plain(text: str) -> str:
    """`text` as keywords are kept."""
    return plain_text(text).lower()


def unusable(text: str) -> Fault:
    """Says that nothing, or too much, is left of `text`."""
    detail = f"Give 1 to {LONGEST} characters that are no markup; received {text!a}"
    return Fault("/text", "no_text", detail)


def words_of(keyword: Keyword | KeywordRow) -> Words:
    """What there may be only once in a campaign."""
    return keyword.text, str(keyword.match_type), keyword.negative
