"""What was signed or refused is never changed, nor a countersignature: held by the database itself."""

from django.db import migrations

SHEET = "inspection_sheet"
ENDED = "(select 1 from inspection_sheet where id in ({ids}) and stage <> 'open')"
ENDED_OF_LINE = (
    "(select 1 from inspection_sheet join inspection_line on inspection_line.sheet_id = inspection_sheet.id "
    "where inspection_line.id in ({ids}) and stage <> 'open')"
)
PARTS = (("inspection_line", ENDED, "sheet_id"), ("inspection_remark", ENDED_OF_LINE, "line_id"))
FOREVER = ("inspection_countersignature", "inspection_covered")
ACTS = {"insert": ("new",), "update": ("old", "new"), "delete": ("old",)}


def sqlite():
    for act in ("update", "delete"):
        yield (
            f"create trigger {SHEET}_no_{act} before {act} on {SHEET} when old.stage <> 'open' "
            "begin select raise(abort, 'a signed or refused inspection is never changed'); end"
        )
        for table in FOREVER:
            yield (
                f"create trigger {table}_no_{act} before {act} on {table} "
                "begin select raise(abort, 'a countersignature is never changed'); end"
            )
    for table, ended, key in PARTS:
        for act, sides in ACTS.items():
            ids = ", ".join(f"{side}.{key}" for side in sides)
            yield (
                f"create trigger {table}_no_{act} before {act} on {table} when exists {ended.format(ids=ids)} "
                "begin select raise(abort, 'a signed or refused inspection is never changed'); end"
            )


def postgresql():
    yield (
        "create function inspection_refuse() returns trigger language plpgsql as "
        "$$ begin raise exception 'a signed or refused inspection is never changed'; end $$"
    )
    yield (
        f"create trigger {SHEET}_final before update or delete on {SHEET} for each row when (old.stage <> 'open') "
        "execute function inspection_refuse()"
    )
    for table in FOREVER:
        yield (
            f"create trigger {table}_final before update or delete on {table} for each row "
            "execute function inspection_refuse()"
        )
    for table, ended, key in PARTS:
        yield (
            f"create function {table}_refuse() returns trigger language plpgsql as $$ begin "
            f"if tg_op <> 'INSERT' and exists {ended.format(ids=f'old.{key}')} "
            f"or tg_op <> 'DELETE' and exists {ended.format(ids=f'new.{key}')} then "
            "raise exception 'a signed or refused inspection is never changed'; end if; "
            "if tg_op = 'DELETE' then return old; end if; return new; end $$"
        )
        yield (
            f"create trigger {table}_final before insert or update or delete on {table} for each row "
            f"execute function {table}_refuse()"
        )


def guard(apps, schema_editor):
    for statement in sqlite() if schema_editor.connection.vendor == "sqlite" else postgresql():
        schema_editor.execute(statement)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in (SHEET, *FOREVER):
            for act in ("update", "delete"):
                schema_editor.execute(f"drop trigger {table}_no_{act}")
        for table, _, _ in PARTS:
            for act in ACTS:
                schema_editor.execute(f"drop trigger {table}_no_{act}")
        return
    for table in (SHEET, *FOREVER, *(table for table, _, _ in PARTS)):
        schema_editor.execute(f"drop trigger {table}_final on {table}")
    for table, _, _ in PARTS:
        schema_editor.execute(f"drop function {table}_refuse()")
    schema_editor.execute("drop function inspection_refuse()")


class Migration(migrations.Migration):
    dependencies = [("inspection", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
