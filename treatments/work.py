"""The numbers beside the navigation: work that waits for someone."""

from django.utils import timezone

from clinic.http import Request
from clinic.navigation import Counts
from clinic.paging import bounded_count
from treatments.models import FollowUp, SideEffect


def side_effect_counts(request: Request) -> Counts:
    """Count the reactions to review; the urgent ones among them stand apart."""
    to_review, urgent = SideEffect.objects.visible_to(request.user).review_counts(timezone.now())
    return Counts(due=to_review - urgent, urgent=urgent)


def follow_up_counts(request: Request) -> Counts:
    """Count the people to call: due and overdue."""
    now = timezone.now()
    today = request.location.today(now) if request.location else timezone.localdate(now)
    to_call = FollowUp.objects.visible_to(request.user).with_facts(now).to_call(today)
    return Counts(due=bounded_count(to_call))
