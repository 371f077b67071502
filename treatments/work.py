"""The numbers beside the navigation: work that waits for someone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.contrib.messages import get_messages
from django.core.cache import caches
from django.db.models import Count, Q
from django.utils import timezone

from clinic.http import Request
from clinic.models import User
from clinic.navigation import MOST, Counts
from clinic.paging import bounded_count
from patients.models import Erasure
from treatments.filters.lots import Tab, low_levels, on_tab
from treatments.models import Course, FollowUp, Lot, Reminder, SideEffect
from treatments.models.follow_up import FollowUpQuerySet
from treatments.models.milestone_review import due_for_review

Counter = Callable[[Request], Counts]
SECONDS_KEPT = 20


@dataclass(frozen=True)
class StockCounts:
    """Lots near their expiry, and products below their limit."""

    expiring: int
    low: int

    @property
    def all(self) -> int:
        return self.expiring + self.low


def once(counter: Counter) -> Counter:
    """Count once a request: Today shows the same numbers itself."""
    name = f"_{counter.__name__}"

    @wraps(counter)
    def counted(request: Request) -> Counts:
        if not hasattr(request, name):
            setattr(request, name, counter(request))
        found: Counts = getattr(request, name)
        return found

    return counted


def lately(counter: Counter) -> Counter:
    """Let the numbers be some seconds old: they stand on every page, and cost more than many of them.

    A page that tells what the person has just done, or that counted anyway, has those of now.
    """

    def counted(request: Request) -> Counts:
        place = request.location.pk if request.location else None
        key = f"{counter.__name__}-{request.user.pk}-{place}"
        must_be_new = hasattr(request, f"_{counter.__name__}") or len(get_messages(request)) > 0
        found: Counts | None = None if must_be_new else caches["worker"].get(key)
        if found is None:
            found = counter(request)
            caches["worker"].set(key, found, SECONDS_KEPT)
        return found

    return counted


@once
def side_effect_counts(request: Request) -> Counts:
    """Count the reactions to review and the user's own contacts due; the urgent ones among them stand apart."""
    reactions = SideEffect.objects.visible_to(request.user).standing()
    waiting, urgent = reactions.work_counts(timezone.now(), request.user, most=MOST)
    return Counts(due=waiting - urgent, urgent=urgent)


def contacts_due(user: User, now: datetime) -> tuple[int, int]:
    """Count the reactions about which this user is to contact the patient by now, and those of them to review."""
    reactions = SideEffect.objects.visible_to(user).standing()
    mine = reactions.followed_by(user).contact_due(now).order_by()
    waiting = Q(pk__in=SideEffect.objects.to_review(now).order_by().values("pk"))
    counts = mine.aggregate(all=Count("pk"), waiting=Count("pk", filter=waiting))
    return counts["all"], counts["waiting"]


def reviews_due(request: Request, now: datetime) -> tuple[Counts, int]:
    """Return the reactions to review, and the user's own contacts due; a reaction may be both."""
    counts = side_effect_counts(request)
    contacts, waiting = contacts_due(request.user, now)
    return Counts(due=counts.due - (contacts - waiting), urgent=counts.urgent), contacts


def stock_counts(request: Request) -> StockCounts:
    """Count the lots that expire within 60 days, and the products that are low at a location."""
    now = timezone.now()
    lots = Lot.objects.visible_to(request.user)
    expiring = on_tab(lots, Tab.EXPIRING, request.user, now)
    return StockCounts(bounded_count(expiring, most=MOST), len(low_levels(lots, request.user, now)))


@once
def follow_up_counts(request: Request) -> Counts:
    """Count the people to call: due and overdue."""
    now = timezone.now()
    visible = FollowUp.objects.visible_to(request.user).with_facts(now)
    to_call = visible.each_by_its_day(request.user.places, now, FollowUpQuerySet.to_call)
    return Counts(due=bounded_count(to_call, most=MOST, along="-opens_on"))


def milestones_due(user: User, now: datetime) -> int:
    """Count the courses that wait for a clinician's decision at a milestone, by the day where the user works."""
    waiting = due_for_review(Course.objects.visible_to(user), timezone.localdate(now))
    return bounded_count(waiting, most=MOST)


@dataclass(frozen=True)
class ErasuresWaiting:
    """How many erasures wait, and from when on the first is carried out; none where that is under way."""

    count: int
    starts_at: datetime | None


def erasures_waiting(user: User, now: datetime) -> ErasuresWaiting | None:
    """Return what waits of the erasures that were decided, of people this user sees; None for nothing."""
    waiting = list(Erasure.objects.visible_to(user).waiting().order_by("asked_at")[: MOST + 1])
    if not waiting:
        return None
    under_way = any(erasure.is_due(now) for erasure in waiting)
    return ErasuresWaiting(len(waiting), None if under_way else min(erasure.due_at for erasure in waiting))


def messages_waiting(user: User, now: datetime) -> int:
    """Count the messages that failed, came back, or of which nobody knows whether they arrived."""
    return bounded_count(Reminder.objects.visible_to(user).unsettled(now), most=MOST)
