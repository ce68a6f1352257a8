"""Records can be added, never changed or deleted: held by the database itself."""

from django.db import migrations

SQLITE = [
    "create trigger audit_record_no_update before update on audit_record "
    "begin select raise(abort, 'audit records are never changed'); end",
    "create trigger audit_record_no_delete before delete on audit_record "
    "begin select raise(abort, 'audit records are never deleted'); end",
]
POSTGRESQL = [
    "create function audit_record_refuse() returns trigger language plpgsql as "
    "$$ begin raise exception 'audit records are never changed or deleted'; end $$",
    "create trigger audit_record_append_only before update or delete on audit_record "
    "for each row execute function audit_record_refuse()",
]


def guard(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("drop trigger audit_record_no_update")
        schema_editor.execute("drop trigger audit_record_no_delete")
    else:
        schema_editor.execute("drop trigger audit_record_append_only on audit_record")
        schema_editor.execute("drop function audit_record_refuse()")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
