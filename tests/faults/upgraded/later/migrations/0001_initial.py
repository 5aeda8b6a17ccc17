"""A migration that changes a table and fills another, and waits in the middle as long as it is told to."""

import os
import time
from pathlib import Path
from typing import Any

from django.db import migrations


def wait(apps: Any, schema_editor: Any) -> None:
    """Say that everything so far is done, and wait while the file that PAUSE names is there."""
    pause = Path(os.environ.get("PAUSE", "/nowhere"))
    if pause.exists():
        pause.with_suffix(".reached").touch()
    while pause.exists():
        time.sleep(0.05)


FILL = """
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 4000)
    INSERT INTO later_filling SELECT n, hex(randomblob(1000)) FROM number
"""


class Migration(migrations.Migration):
    """Too large for SQLite's cache, so that pages are in the file before anything is committed."""

    dependencies = [("bus", "0001_initial")]
    operations = [
        migrations.RunSQL("ALTER TABLE bus_message ADD COLUMN words integer NOT NULL DEFAULT 0"),
        migrations.RunSQL("UPDATE bus_message SET words = length(body)"),
        migrations.RunSQL("CREATE TABLE later_filling (id integer PRIMARY KEY, text text NOT NULL)"),
        migrations.RunSQL(FILL),
        migrations.RunPython(wait),
        migrations.RunSQL("CREATE TABLE later_last (id integer PRIMARY KEY)"),
    ]
