"""The tables, columns, indexes, rules and triggers of a database, as lines by which two can be compared."""

POSTGRES = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type
       || coalesce(character_maximum_length::text, '') || ' '
       || is_nullable || ' ' || coalesce(collation_name, '') || ' ' || is_identity || is_generated
       || coalesce(generation_expression, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'rule ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
"""
SQLITE = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master"


def schema_of(connection):
    with connection.cursor() as cursor:
        cursor.execute(POSTGRES if connection.vendor == "postgresql" else SQLITE)
        return sorted(line for (line,) in cursor.fetchall())
