"""The demo's mail: readable, escaped, and nothing but the files of its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client
from django.test.utils import override_settings

BACKEND = "django.core.mail.backends.filebased.EmailBackend"


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    (tmp_path / "mail").mkdir()
    (tmp_path / "secret.log").write_text("Subject: secret\n\nnobody may read this")
    with override_settings(EMAIL_FILE_PATH=str(tmp_path / "mail")):
        yield tmp_path / "mail"


def write(*subjects: str, body: str = "Hello") -> None:
    with get_connection(BACKEND) as outbox:
        for subject in subjects:
            EmailMessage(
                subject, body, "site@example.org", ["ada@example.org"], None, outbox
            ).send()


def test_inbox_lists_every_mail(client: Client, folder: Path) -> None:
    write("First", "Second")
    write("Third")

    page = client.get("/dev/mail/").content.decode()

    assert [word in page for word in ("First", "Second", "Third")] == [True, True, True]


def test_inbox_is_empty_before_the_first_mail(client: Client, folder: Path) -> None:
    assert "No mail yet" in client.get("/dev/mail/").content.decode()


def test_mail_is_shown_with_its_text(client: Client, folder: Path) -> None:
    write("First", "Your code", body="ABCD-1234")
    (file,) = folder.iterdir()

    page = client.get(f"/dev/mail/{file.name}/2/").content.decode()

    assert "Your code" in page
    assert "ABCD-1234" in page
    assert "First" not in page


def test_mail_is_escaped(client: Client, folder: Path) -> None:
    write("<script>alert(1)</script>", body="<img src=x onerror=alert(2)>")
    (file,) = folder.iterdir()

    pages = client.get("/dev/mail/").content + client.get(f"/dev/mail/{file.name}/1/").content

    assert b"<script>alert" not in pages
    assert b"<img src=x" not in pages
    assert b"&lt;script&gt;" in pages


@pytest.mark.parametrize(
    "address",
    [
        "secret.log/1/",
        "../secret.log/1/",
        "..%2Fsecret.log/1/",
        "%2e%2e%2fsecret.log/1/",
        "20260101-000000-1.log%00/1/",
        "20260101-000000-1.log/1/",
    ],
)
def test_no_other_file_is_read(client: Client, folder: Path, address: str) -> None:
    (folder / "secret.log").write_text("Subject: secret\n\nnobody may read this either")

    answer = client.get(f"/dev/mail/{address}")

    assert answer.status_code == 404
    assert b"nobody may read" not in answer.content


def test_link_out_of_the_folder_is_not_followed(client: Client, folder: Path) -> None:
    name = "20260101-000000-1.log"
    (folder / name).symlink_to(folder.parent / "secret.log")

    assert client.get(f"/dev/mail/{name}/1/").status_code == 404
    assert b"secret" not in client.get("/dev/mail/").content


def test_there_is_no_such_page_outside_a_demo(client: Client, folder: Path) -> None:
    write("First")

    with override_settings(DEMO=False):
        assert client.get("/dev/mail/").status_code == 404
