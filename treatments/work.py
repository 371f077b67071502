"""The numbers beside the navigation: work that waits for someone."""

from collections.abc import Callable
from functools import wraps

from django.utils import timezone

from clinic.http import Request
from clinic.navigation import MOST, Counts
from clinic.paging import bounded_count
from treatments.models import FollowUp, SideEffect


def once(counter: Callable[[Request], Counts]) -> Callable[[Request], Counts]:
    """Count once a request: Today shows the same numbers itself."""
    name = f"_{counter.__name__}"

    @wraps(counter)
    def counted(request: Request) -> Counts:
        if not hasattr(request, name):
            setattr(request, name, counter(request))
        found: Counts = getattr(request, name)
        return found

    return counted


@once
def side_effect_counts(request: Request) -> Counts:
    """Count the reactions to review; the urgent ones among them stand apart."""
    to_review, urgent = SideEffect.objects.visible_to(request.user).review_counts(timezone.now(), most=MOST)
    return Counts(due=to_review - urgent, urgent=urgent)


@once
def follow_up_counts(request: Request) -> Counts:
    """Count the people to call: due and overdue."""
    now = timezone.now()
    today = request.location.today(now) if request.location else timezone.localdate(now)
    to_call = FollowUp.objects.visible_to(request.user).with_facts(now).to_call(today)
    return Counts(due=bounded_count(to_call, most=MOST, along="-opens_on"))
