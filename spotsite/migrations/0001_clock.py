from __future__ import annotations

from django.db import migrations

# One row for ever: the primary key can only be TRUE. statement_timestamp() rather than now(): in a long
# transaction a lease would otherwise be measured from the transaction's beginning.
FORWARD = """
CREATE TABLE spotsite_clock (
    only_row boolean PRIMARY KEY DEFAULT TRUE CHECK (only_row),
    ahead interval NOT NULL DEFAULT '0'
);
INSERT INTO spotsite_clock DEFAULT VALUES;
CREATE FUNCTION spotsite_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    RETURN statement_timestamp() + (SELECT ahead FROM spotsite_clock);
"""
BACK = "DROP FUNCTION spotsite_now(); DROP TABLE spotsite_clock;"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FORWARD, BACK)]
