"""The provider class: PKCE, uid from account_id, no override by query string."""

from __future__ import annotations

provider_classes: list[type] = []
