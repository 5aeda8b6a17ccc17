"""The rows that every installation has, and the triggers that keep its log append-only."""

from django.db import migrations

from bus import clock

INSTALLATION = "wsp_installation"
RESIDENTS = ("system", "operator")
TRIGGERS = {
    "bus_event_no_update": """
        CREATE TRIGGER bus_event_no_update BEFORE UPDATE ON bus_event
        BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END
    """,
    "bus_event_no_delete": """
        CREATE TRIGGER bus_event_no_delete BEFORE DELETE ON bus_event
        WHEN NOT EXISTS (
            SELECT 1 FROM bus_checkpoint
            WHERE workspace_id = OLD.workspace_id AND floor = 1 AND seq >= OLD.seq
        )
        BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END
    """,
}


def add_residents(apps, schema_editor):
    """Add the installation's own workspace, and the agents behind sweeps and the key-free loopback."""
    now = clock.now()
    apps.get_model("bus", "Workspace").objects.create(public_id=INSTALLATION, created_at=now)
    agents = apps.get_model("bus", "Agent").objects
    for name in RESIDENTS:
        agents.create(name=name, kind=name, created_at=now)


def add_triggers(apps, schema_editor):
    """Refuse to change an event, and to delete one above the floor of its workspace."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in TRIGGERS.values():
            schema_editor.execute(statement)


def remove_triggers(apps, schema_editor):
    """Let the log be changed again."""
    if schema_editor.connection.vendor == "sqlite":
        for name in TRIGGERS:
            schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("bus", "0001_initial")]

    operations = [
        migrations.RunPython(add_residents, migrations.RunPython.noop),
        migrations.RunPython(add_triggers, remove_triggers),
    ]
