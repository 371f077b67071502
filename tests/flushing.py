"""How a test that commits is tidied up after: what is only ever added to has to go as well, this once."""

from django.db import connection

from clinic.append_only import DOOR, FUNCTION, POSTGRES_FUNCTION

OPEN = f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"

OPEN_SQLITE = f"INSERT INTO {DOOR} (event_id, shut_id) VALUES (0, 0)"  # noqa: S608 -- a name of our own


def let_tests_flush():
    """Have the connection's flush, and no other statement, go through the door."""
    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def execute_sql_flush(self, sql_list):
        if self.connection.vendor == "postgresql":
            return flush(self, [OPEN, *sql_list, POSTGRES_FUNCTION])
        return flush(self, [OPEN_SQLITE, *doors_last(sql_list)])

    operations.execute_sql_flush = execute_sql_flush


def doors_last(sql_list):
    return sorted(sql_list, key=lambda sql: f'"{DOOR}"' in sql)
