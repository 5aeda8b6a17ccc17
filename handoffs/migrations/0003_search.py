"""Handoffs are found too: the triggers that keep the index true to their titles and texts, in the second range of it."""

from django.db import migrations

ADD = """
            INSERT INTO bus_searchentry (rowid, title, body)
            VALUES (72057594037927936 + NEW.id, NEW.title, NEW.body);
"""
TAKE = """
            INSERT INTO bus_searchentry (bus_searchentry, rowid, title, body)
            VALUES ('delete', 72057594037927936 + OLD.id, OLD.title, OLD.body);
"""
TRIGGERS = {
    "handoffs_handoff_search_insert": f"""
        CREATE TRIGGER handoffs_handoff_search_insert AFTER INSERT ON handoffs_handoff
        BEGIN {ADD} END
    """,
    "handoffs_handoff_search_update": f"""
        CREATE TRIGGER handoffs_handoff_search_update AFTER UPDATE OF title, body ON handoffs_handoff
        WHEN OLD.title IS NOT NEW.title OR OLD.body IS NOT NEW.body
        BEGIN {TAKE} {ADD} END
    """,
    "handoffs_handoff_search_delete": f"""
        CREATE TRIGGER handoffs_handoff_search_delete AFTER DELETE ON handoffs_handoff
        BEGIN {TAKE} END
    """,
}
FILL = """
    INSERT INTO bus_searchentry (rowid, title, body)
    SELECT 72057594037927936 + id, title, body FROM handoffs_handoff ORDER BY id
"""
SETTLE = "INSERT INTO bus_searchentry (bus_searchentry) VALUES ('optimize')"
EMPTY = """
    INSERT INTO bus_searchentry (bus_searchentry, rowid, title, body)
    SELECT 'delete', 72057594037927936 + id, title, body FROM handoffs_handoff
"""


def add_triggers(apps, schema_editor):
    """Index the handoffs that are there, and let triggers follow them."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in (FILL, SETTLE, *TRIGGERS.values()):
            schema_editor.execute(statement)


def remove_triggers(apps, schema_editor):
    """Leave handoffs out of the index."""
    if schema_editor.connection.vendor == "sqlite":
        for name in TRIGGERS:
            schema_editor.execute(f"DROP TRIGGER {name}")
        schema_editor.execute(EMPTY)


class Migration(migrations.Migration):
    dependencies = [("handoffs", "0002_ended_by_state"), ("bus", "0007_search")]

    operations = [migrations.RunPython(add_triggers, remove_triggers)]
