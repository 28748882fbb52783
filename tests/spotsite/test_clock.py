from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings

from accounts.models import User
from spotsite import clock

pytestmark = pytest.mark.django_db


def test_clock_is_the_databases_time() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().utcoffset() == timedelta(0)


def test_clock_moves_in_python_and_in_sql() -> None:
    before = clock.now()

    clock.move(timedelta(days=180))

    assert timedelta(0) <= clock.now() - before - timedelta(days=180) < timedelta(seconds=5)
    User.objects.create_user()
    assert User.objects.filter(date_joined__gt=before + timedelta(days=179)).count() == 1
    assert clock.offset() == timedelta(days=180)


@override_settings(DEMO=False)
def test_clock_stands_fast_outside_a_demo() -> None:
    with pytest.raises(clock.ClockIsFixed):
        clock.move(timedelta(seconds=1))

    assert clock.offset() == timedelta(0)
