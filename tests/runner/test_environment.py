"""The settings of the site's processes: what is given wins, the rest points at the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.environment import Given
from runner.errors import Refusal
from runner.state import Secrets, State

PORTS = {"postgres": 1001, "valkey": 1002, "simulator": 1003}
SIMULATOR = "http://127.0.0.1:1003"


def settings_of(given: Given, folder: Path) -> dict[str, str]:
    return given.settings(State(folder), Secrets.made(), PORTS, public_url="http://127.0.0.1:8000")


def test_without_settings_the_simulator_plays_both_providers(tmp_path: Path) -> None:
    given = Given({})

    settings = settings_of(given, tmp_path)

    assert given.simulated == ["Spotify", "Facebook"]
    assert settings["SPOTIFY_AUTHORIZE_URL"] == f"{SIMULATOR}/authorize"
    assert settings["SPOTIFY_ACCOUNTS_URL"] == SIMULATOR
    assert settings["SPOTIFY_API_URL"] == f"{SIMULATOR}/v1"
    assert settings["FACEBOOK_GRAPH_URL"] == f"{SIMULATOR}/v24.0"
    assert settings["SPOTIFY_CLIENT_ID"] == settings["FACEBOOK_CLIENT_ID"] == "spotsite-demo"


def test_the_simulator_bears_a_list_of_10000_lines_in_a_day(tmp_path: Path) -> None:
    played = settings_of(Given({}), tmp_path)
    real = settings_of(Given({"SPOTIFY_CLIENT_ID": "real"}), tmp_path)

    assert int(played["SPOTIFY_CALLS_PER_PERSON"]) > 3 * 10_000
    assert "SPOTIFY_CALLS_PER_PERSON" not in real


def test_real_client_id_leaves_the_addresses_of_its_provider_to_the_site(tmp_path: Path) -> None:
    given = Given({"FACEBOOK_CLIENT_ID": "real", "FACEBOOK_CLIENT_SECRET": "real too"})

    settings = settings_of(given, tmp_path)

    assert given.simulated == ["Spotify"]
    assert "FACEBOOK_GRAPH_URL" not in settings
    assert settings["FACEBOOK_CLIENT_SECRET"] == "real too"
    assert settings["SPOTIFY_CLIENT_ID"] == "spotsite-demo"


def test_two_real_client_ids_need_no_simulator() -> None:
    given = Given({"FACEBOOK_CLIENT_ID": "a", "SPOTIFY_CLIENT_ID_FILE": "/run/id"})

    assert given.simulated == []


def test_another_stand_in_needs_no_simulator(tmp_path: Path) -> None:
    elsewhere = {
        "SPOTIFY_AUTHORIZE_URL": "http://127.0.0.1:9/authorize",
        "SPOTIFY_ACCOUNTS_URL": "http://127.0.0.1:9",
        "SPOTIFY_API_URL": "http://127.0.0.1:9/v1",
        "FACEBOOK_DIALOG_URL": "http://127.0.0.1:9/dialog",
        "FACEBOOK_GRAPH_URL": "http://127.0.0.1:9/graph",
    }
    given = Given(elsewhere)

    settings = settings_of(given, tmp_path)

    assert given.simulated == []
    assert elsewhere.items() <= settings.items()


def test_one_address_given_keeps_the_simulator_for_the_others(tmp_path: Path) -> None:
    given = Given({"SPOTIFY_API_URL": "http://127.0.0.1:9/v1"})

    settings = settings_of(given, tmp_path)

    assert "Spotify" in given.simulated
    assert settings["SPOTIFY_API_URL"] == "http://127.0.0.1:9/v1"
    assert settings["SPOTIFY_ACCOUNTS_URL"] == SIMULATOR


def test_empty_value_is_no_setting(tmp_path: Path) -> None:
    given = Given({"DATABASE_URL": "", "SPOTIFY_CLIENT_ID": ""})

    assert not given.own_database
    assert settings_of(given, tmp_path)["SPOTIFY_CLIENT_ID"] == "spotsite-demo"


def test_setting_in_a_file_is_not_set_beside_it(tmp_path: Path) -> None:
    given = Given({"SECRET_KEY_FILE": "/run/key", "DATABASE_URL_FILE": "/run/database"})

    settings = settings_of(given, tmp_path)

    assert given.own_database
    assert not {"SECRET_KEY", "DATABASE_URL"} & settings.keys()


def test_host_of_a_given_public_address_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "address"
    file.write_text("https://lists.example\n")

    settings = settings_of(Given({"PUBLIC_URL_FILE": str(file)}), tmp_path)

    assert settings["ALLOWED_HOSTS"] == "127.0.0.1,lists.example"


@pytest.mark.parametrize(
    ("address", "demo"),
    [
        ("http://localhost:9000", "True"),
        ("https://127.0.0.1", "True"),
        ("https://[::1]:8443", "True"),
        ("https://lists.example", "False"),
        ("http://192.168.1.5:8000", "False"),
        ("http://[nonsense", "False"),
    ],
)
def test_only_this_machine_has_a_demo(address: str, demo: str, tmp_path: Path) -> None:
    assert settings_of(Given({"PUBLIC_URL": address}), tmp_path)["DEMO"] == demo


def test_setting_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="PUBLIC_URL_FILE=/nowhere cannot be read"):
        settings_of(Given({"PUBLIC_URL_FILE": "/nowhere"}), tmp_path)


def test_proxy_of_the_environment_is_not_asked_for_this_machine(tmp_path: Path) -> None:
    given = Given({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "intern.example"})

    assert settings_of(given, tmp_path)["NO_PROXY"] == "intern.example,127.0.0.1"


def test_mail_folder_may_have_any_name(tmp_path: Path) -> None:
    settings = settings_of(Given({}), tmp_path / "a #folder?")

    assert settings["EMAIL_URL"] == f"file://{tmp_path}/a%20%23folder%3F/mail"
