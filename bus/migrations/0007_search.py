"""The index of everything that was said, and the triggers that keep it true to the messages.

The index keeps words and their places, not the texts: `content=''`. A room that fills it too numbers its rows in a range
of its own, and makes its triggers in a migration of its own.
"""

from django.db import migrations, models

import bus.models.search

INDEX = """
    CREATE VIRTUAL TABLE bus_searchentry USING fts5(
        title, body, content='', tokenize="unicode61 remove_diacritics 2"
    )
"""
# Segments are merged a few pages at a time; twice as many as usual may wait for that, as writing matters more here.
MERGE_LATER = "INSERT INTO bus_searchentry (bus_searchentry, rank) VALUES ('automerge', 8)"
WORDS = "CREATE VIRTUAL TABLE bus_searchword USING fts5vocab(bus_searchentry, instance)"
TRIGGERS = {
    "bus_message_search_insert": """
        CREATE TRIGGER bus_message_search_insert AFTER INSERT ON bus_message
        BEGIN
            INSERT INTO bus_searchentry (rowid, title, body) VALUES (NEW.id, NEW.subject, NEW.body);
        END
    """,
    "bus_message_search_update": """
        CREATE TRIGGER bus_message_search_update AFTER UPDATE OF subject, body ON bus_message
        WHEN OLD.subject IS NOT NEW.subject OR OLD.body IS NOT NEW.body
        BEGIN
            INSERT INTO bus_searchentry (bus_searchentry, rowid, title, body)
            VALUES ('delete', OLD.id, OLD.subject, OLD.body);
            INSERT INTO bus_searchentry (rowid, title, body) VALUES (NEW.id, NEW.subject, NEW.body);
        END
    """,
    "bus_message_search_delete": """
        CREATE TRIGGER bus_message_search_delete AFTER DELETE ON bus_message
        BEGIN
            INSERT INTO bus_searchentry (bus_searchentry, rowid, title, body)
            VALUES ('delete', OLD.id, OLD.subject, OLD.body);
        END
    """,
}
FILL = "INSERT INTO bus_searchentry (rowid, title, body) SELECT id, subject, body FROM bus_message ORDER BY id"

# What was there becomes one segment, so that the first writes have nothing large to merge.
SETTLE = "INSERT INTO bus_searchentry (bus_searchentry) VALUES ('optimize')"


def add_index(apps, schema_editor):
    """Make the index, fill it from the messages that are there, and let triggers follow them."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in (INDEX, MERGE_LATER, WORDS, FILL, SETTLE, *TRIGGERS.values()):
            schema_editor.execute(statement)


def remove_index(apps, schema_editor):
    """Take the triggers and the index away."""
    if schema_editor.connection.vendor == "sqlite":
        for name in TRIGGERS:
            schema_editor.execute(f"DROP TRIGGER {name}")
        schema_editor.execute("DROP TABLE bus_searchword")
        schema_editor.execute("DROP TABLE bus_searchentry")


class Migration(migrations.Migration):
    dependencies = [("bus", "0006_topics")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigIntegerField(db_column="rowid", primary_key=True, serialize=False)),
                ("words", bus.models.search.IndexedField(db_column="bus_searchentry")),
            ],
            options={"db_table": "bus_searchentry", "managed": False},
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[("term", models.TextField(primary_key=True, serialize=False))],
            options={"db_table": "bus_searchword", "managed": False},
        ),
        migrations.RunPython(add_index, remove_index),
    ]
