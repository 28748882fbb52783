"""A person without a browser: Django's client, and the simulator for the other side."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from simulator.control_client import Control


class Visitor(Client):
    """Signs in with a provider as a person does: start, consent, and back to the callback."""

    def __init__(self, sim: Control, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sim = sim

    @property
    def public_url(self) -> str:
        return str(settings.PUBLIC_URL)

    def start(self, provider: str, *, process: str = "", **query: str) -> HttpResponse:
        """Press the button; the answer leads to the provider."""
        query |= {"process": process} if process else {}
        return self.post(f"/accounts/{provider}/login/", query_params=query)

    def decide(self, started: HttpResponse, user: str, **values: Any) -> str:
        """Decide on the provider's page; return the address that it sends the browser to."""
        location = self.sim.consent(started["Location"], user, **values)
        parts = urlsplit(location)
        return f"{parts.path}?{parts.query}"

    def sign_in(
        self, provider: str = "spotify", user: str = "ada", *, process: str = "", **values: Any
    ) -> HttpResponse:
        started = self.start(provider, process=process)
        return self.get(self.decide(started, user, **values))
