from __future__ import annotations

import pytest

from spotsite import mail


def test_smtp_uses_starttls_on_the_submission_port() -> None:
    settings = mail.settings("smtp://me%40x:p%2Fw@mail.example:587")

    assert settings["EMAIL_HOST_USER"] == "me@x"
    assert settings["EMAIL_HOST_PASSWORD"] == "p/w"
    assert (settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (True, False)


def test_smtps_encrypts_from_the_first_byte() -> None:
    settings = mail.settings("smtps://mail.example")

    assert settings["EMAIL_PORT"] == 465
    assert (settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (False, True)


def test_a_local_relay_is_spoken_to_in_clear() -> None:
    assert mail.settings("smtp://127.0.0.1:25")["EMAIL_USE_TLS"] is False


@pytest.mark.parametrize("url", ["", "pigeon://loft", "file:", "smtp:///x", "smtp://host:port"])
def test_an_unusable_address_is_reported_and_mail_goes_to_the_terminal(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: dict[str, str] = {}
    monkeypatch.setattr(mail.env, "problems", problems)

    assert "console" in mail.settings(url)["EMAIL_BACKEND"]
    assert list(problems) == ["EMAIL_URL"]
