"""Who looks at the page, as far as its cookies say."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.demo.personas import PERSONAS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from service.demo.personas import Persona

ANONYMOUS = "anonymous"
_VISIT = re.compile(r"[0-9a-f]{32}")
_COOKIE_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Visitor:
    """A persona, or nobody in particular; `visit` is the browser's own random number."""

    persona: Persona | None
    consent: bool
    visit: str
    refuses: bool = False  # the browser says so itself (Global Privacy Control)

    @property
    def choice(self) -> str:
        """The value of the persona switch."""
        return self.persona.user_id if self.persona else ANONYMOUS

    def as_user(self) -> dict[str, object]:
        """The `user` of a request to the service: without consent, nobody."""
        if not self.consent:
            return {"consent": False}
        user_id = self.persona.user_id if self.persona else f"anon-{self.visit}"
        return {"id": user_id, "session": self.visit, "consent": True}


def visitor_of(request: Request) -> Visitor:
    """Read the cookies; what they do not say is anonymous and without consent."""
    visit = request.cookies.get("visit", "")
    refuses = request.headers.get("sec-gpc") == "1"
    return Visitor(
        persona=persona_named(request.cookies.get("shopper", "")),
        consent=request.cookies.get("consent") == "yes" and not refuses,
        visit=visit if _VISIT.fullmatch(visit) else secrets.token_hex(16),
        refuses=refuses,
    )


def persona_named(user_id: str) -> Persona | None:
    """The persona with that id; anyone else is anonymous."""
    return next((persona for persona in PERSONAS if persona.user_id == user_id), None)


def remember(response: Response, request: Request, visitor: Visitor) -> None:
    """Set the cookies; a browser without consent gets no number to be known by."""
    values = {"shopper": visitor.choice, "consent": "yes" if visitor.consent else "no"}
    if visitor.consent:
        values["visit"] = visitor.visit
    else:
        response.delete_cookie("visit")
    for name, value in values.items():
        response.set_cookie(
            name,
            value,
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
