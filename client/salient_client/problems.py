"""What the service refused, or could not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from salient_client.generated.models import Problem


class ProblemError(Exception):
    """An answer that is no success: its status, and the problem that it tells, if it does.

    `retry_after` is in seconds; None where trying again will not help.
    """

    def __init__(self, response: httpx.Response, problem: Problem | None) -> None:
        super().__init__(f"{response.status_code} {_told(response, problem)}")
        self.status = response.status_code
        self.problem = problem
        wait = response.headers.get("retry-after", "")
        self.retry_after = int(wait) if wait.isdecimal() else None


def _told(response: httpx.Response, problem: Problem | None) -> str:
    """The problem in one line, with the fields that are wrong."""
    if problem is None:
        return response.reason_phrase
    faults = [f"{error.pointer}: {error.detail}" for error in problem.errors]
    return "; ".join([f"{problem.code}: {problem.detail}", *faults])
