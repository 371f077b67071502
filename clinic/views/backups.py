from django.conf import settings
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import may
from clinic.backup.standing import standing
from clinic.http import Request
from clinic.models import BackupRun
from clinic.paging import page


@require_safe
@may("clinic.see_backups")
def backup_list(request: Request) -> HttpResponse:
    """Show when the last good backup was made, when one was last restored, and every run."""
    now = timezone.now()
    found = standing(now)
    runs = page(request, BackupRun.objects.all(), "-started_at", "-pk")
    for run in runs:
        run.cut_off = run.was_cut_off(now)
    return TemplateResponse(
        request,
        "clinic/backups.html",
        {
            "now": now,
            "standing": found,
            "failures": BackupRun.objects.failed_since(found.last_good, now)[:3],
            "page": runs,
            "place": settings.BACKUP_TO,
            "hour": settings.BACKUP_HOUR,
            "keep": settings.BACKUP_KEEP,
        },
    )
