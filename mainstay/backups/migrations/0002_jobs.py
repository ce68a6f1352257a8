"""What a run needs to know of the one before it; and a proof is never changed: held by the database itself."""

from django.db import migrations, models

TABLE = "backups_proof"


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for act in ("update", "delete"):
            schema_editor.execute(
                f"create trigger {TABLE}_no_{act} before {act} on {TABLE} "
                "begin select raise(abort, 'a proof is never changed'); end"
            )
        return
    schema_editor.execute(
        "create function backups_refuse() returns trigger language plpgsql as "
        "$$ begin raise exception 'a proof is never changed'; end $$"
    )
    schema_editor.execute(
        f"create trigger {TABLE}_final before update or delete on {TABLE} for each row execute function backups_refuse()"
    )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for act in ("update", "delete"):
            schema_editor.execute(f"drop trigger {TABLE}_no_{act}")
        return
    schema_editor.execute(f"drop trigger {TABLE}_final on {TABLE}")
    schema_editor.execute("drop function backups_refuse()")


class Migration(migrations.Migration):
    dependencies = [("backups", "0001_initial")]
    operations = [
        migrations.AddField(
            "repository", "unclean",
            models.JSONField(
                default=list, help_text="runs that died here; what they left goes before anything else"
            ),
        ),
        migrations.AddField(
            "copy", "asked",
            models.JSONField(
                default=dict, help_text="what was copied and compared: databases, paths, totals, tables"
            ),
        ),
        migrations.AddField(
            "copy", "versions", models.JSONField(default=dict, help_text="program → version that made it")
        ),
        migrations.RunPython(guard, unguard),
    ]
