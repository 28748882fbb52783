"""`.env` beside `dev`: what counts as a setting, and who wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import dotenv
from runner.errors import Refusal


def test_dotenv_reads_names_values_quotes_and_comments() -> None:
    text = "\n".join(
        (
            "# a comment",
            "",
            "PLAIN=value",
            "export SHELL_LIKE = spaced",
            "QUOTED='a # b'",
            'DOUBLE="x=y"',
            "COMMENTED=value # why",
            "PASSWORD=with#inside",
            "EMPTY=",
        )
    )

    assert dotenv.parse(text, source=".env") == {
        "PLAIN": "value",
        "SHELL_LIKE": "spaced",
        "QUOTED": "a # b",
        "DOUBLE": "x=y",
        "COMMENTED": "value",
        "PASSWORD": "with#inside",
        "EMPTY": "",
    }


def test_dotenv_names_the_line_that_is_no_setting() -> None:
    with pytest.raises(Refusal, match=r"\.env, line 2 is not NAME=value"):
        dotenv.parse("A=1\nnonsense\n", source=".env")


def test_dotenv_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert dotenv.read(tmp_path / ".env") == {}
