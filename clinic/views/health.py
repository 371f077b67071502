import shutil
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.append_only import guarded_models, missing
from clinic.checks import OUR_APPS
from clinic.models import Heartbeat, Letter
from clinic.outage import Outage, leave_connections, outage_of

PATIENCE_MS = 2000  # for the turn to write, which a clinic at work gives within milliseconds
LEAST_ROOM = 64 * 1024 * 1024  # bytes on the disk: the day's writing, and the photos that arrive at one time
MOMENT = "%Y-%m-%dT%H:%MZ"
# Some 4 MB to sort in less memory: PostgreSQL writes them beside its tables, and removes them.
LAY_ASIDE = """
    SELECT count(*) FROM (
        SELECT repeat(md5(number::text), 256) AS line FROM generate_series(1, 512) AS number ORDER BY line OFFSET 0
    ) AS sorted
"""
DATABASE = {Outage.BUSY: "locked", Outage.FULL: "disk full", Outage.READ_ONLY: "read-only", Outage.GONE: "down"}


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database is read and written, its tables are this version's, and reminders are looked for.

    Else 503. A clinic whose worker was never started is not well. On a developer's machine it only has none. Letters
    about accounts that do not go are said and change no status: people are treated meanwhile.
    """
    now = timezone.now()
    try:
        migrations = migrations_state(MigrationExecutor(connection))
        reminders = reminders_state(now) if migrations == "applied" else ""
        letters = letters_state(now) if migrations == "applied" else ""
        try_to_write()
    except Error as error:
        leave_connections()
        said = DATABASE[outage_of(error) or Outage.GONE]
        return JsonResponse({"database": said}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    if migrations != "applied":
        return JsonResponse({"database": "up", "migrations": migrations}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    has_room = least_room() > LEAST_ROOM
    is_well = has_room and (reminders == "running" or (reminders == "never ran" and not settings.PRODUCTION))
    return JsonResponse(
        {
            "database": "up",
            "migrations": migrations,
            "reminders": reminders,
            "letters": letters,
            "disk": "has room" if has_room else "full",
        },
        status=HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def migrations_state(executor: MigrationExecutor) -> str:
    """Say how the tables fit this program: "applied", or "pending", "newer than the program", "cut off".

    The last means that `migrate` was stopped after its last migration: what guards the past is made after that one.
    """
    loader = executor.loader
    if executor.migration_plan(loader.graph.leaf_nodes()):
        return "pending"
    replaced = {key for migration in loader.replacements.values() for key in migration.replaces}
    unknown = set(loader.applied_migrations or ()) - set(loader.disk_migrations or ()) - replaced
    if any(app in OUR_APPS for app, _name in unknown):
        return "newer than the program"
    return "cut off" if missing(connection, guarded_models()) else "applied"


def try_to_write() -> None:
    """Ask for a change of no row at all: where writing fails, reading mostly goes on.

    Raises the database's error when it may only be read, somebody has held SQLite's turn to write for too long, or
    PostgreSQL has no room, on a disk that this program may not see.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '64kB'")
            cursor.execute(LAY_ASIDE)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        try:
            cursor.execute("UPDATE django_migrations SET name = name WHERE id IS NULL")
        finally:
            if connection.vendor == "sqlite":
                usual = connection.get_connection_params()["timeout"]
                cursor.execute(f"PRAGMA busy_timeout={int(usual * 1000)}")


def least_room() -> int:
    """Return the bytes that are free where the program writes, on the fullest of its disks."""
    folders = [settings.VAR_DIR, settings.PHOTO_ROOT]
    if connection.vendor == "sqlite":
        folders.append(Path(connection.settings_dict["NAME"]).parent)
    return min(shutil.disk_usage(folder).free for folder in folders if folder.exists())


def reminders_state(now: datetime) -> str:
    """Say whether the worker looks for reminders: "running", "never ran", or since when it does not."""
    beat = Heartbeat.of("reminders")
    if beat is None:
        return "never ran"
    return f"stopped since {beat.beat_at:{MOMENT}}" if beat.is_silent(now) else "running"


def letters_state(now: datetime) -> str:
    """Say whether letters about accounts go: "none late", or how many do not, and since when."""
    late = Letter.objects.how_late(now)
    return f"{late.count} late since {late.since:{MOMENT}}" if late.count else "none late"


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Answer the browsers that ask for the icon where it always was."""
    return HttpResponseRedirect(static("clinic/favicon.svg"))
