from datetime import datetime
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.models import Heartbeat


@never_cache
@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, every migration is applied and reminders are looked for; else 503.

    A clinic whose worker was never started is not well. On a developer's machine it only has none.
    """
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse({"database": "down"}, status=503)
    if pending:
        return JsonResponse({"database": "up", "migrations": "pending"}, status=503)
    state = reminders_state(timezone.now())
    is_well = state == "running" or (state == "never ran" and not settings.PRODUCTION)
    facts = {"database": "up", "migrations": "applied", "reminders": state}
    return JsonResponse(facts, status=HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE)


def reminders_state(now: datetime) -> str:
    """Say whether the worker looks for reminders: "running", "never ran", or since when it does not."""
    beat = Heartbeat.of("reminders")
    if beat is None:
        return "never ran"
    return f"stopped since {beat.beat_at:%Y-%m-%dT%H:%MZ}" if beat.is_silent(now) else "running"


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Answer the browsers that ask for the icon where it always was."""
    return HttpResponseRedirect(static("clinic/favicon.svg"))
