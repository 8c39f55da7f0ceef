"""Triggers that keep the audit trail append-only, on both databases, past which only ``audit.maintenance`` gets.

The switch is a row, not a session variable, because both databases then have the same one and because it is only seen
inside the transaction that opened it.
"""

from django.db import migrations

_CLOSED = "NOT EXISTS (SELECT 1 FROM audit_auditmaintenance WHERE name = 'maintenance' AND is_open)"
_REFUSAL = "the audit trail is append-only"

SQLITE = [
    f"""
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_auditevent
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END
    """,
    f"""
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_auditevent WHEN {_CLOSED}
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END
    """,
]

POSTGRESQL = [
    f"""
    CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' OR {_CLOSED} THEN
            RAISE EXCEPTION '{_REFUSAL}';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER audit_append_only_rows BEFORE UPDATE OR DELETE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_append_only()
    """,
    """
    CREATE TRIGGER audit_append_only_table BEFORE TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
    """,
]


def create(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER audit_no_update")
        schema_editor.execute("DROP TRIGGER audit_no_delete")
    else:
        schema_editor.execute("DROP FUNCTION audit_append_only() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
