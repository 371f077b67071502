"""The progress review: what was measured against what was expected, and the decision asked for."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.access import may
from clinic.http import Request
from clinic.paging import page
from treatments import chart_tables as tables
from treatments import verdict as words
from treatments.actions import milestones as actions
from treatments.areas import areas_in_words
from treatments.banner import course_banner
from treatments.course_chart import NARROW, WIDE, course_chart, scale_caption
from treatments.forms.milestones import MilestoneForm
from treatments.forms.taken_back import stamps
from treatments.models import Course, MilestoneReview
from treatments.models.milestone_review import due_for_review
from treatments.outcome import Outcome, outcome
from treatments.outcome_data import outcome_data
from treatments.photos import Mode, chosen, pair
from treatments.report import report
from treatments.views.courses import get_course, still_booked

SEES = "treatments.see_photo"


def progress(request: Request, public_id: UUID) -> HttpResponse:
    """Show the course's progress; `place` chooses the area whose score is drawn strong."""
    course = get_course(request.user, public_id)
    found = outcome(course, timezone.now(), focus=request.GET.get("place", ""))
    return progress_page(request, found, MilestoneForm(outcome=found))


def progress_page(request: Request, found: Outcome, form: MilestoneForm) -> HttpResponse:
    """Show what was measured; `shot` chooses the view whose first photo and last stand under a slider."""
    course = found.course
    views, series = chosen(course, request.GET.get("shot", "")) if request.user.has_perm(SEES) else ([], None)
    return TemplateResponse(
        request,
        "treatments/progress/progress.html",
        {
            "course": course,
            "outcome": found,
            "progress": found.progress,
            "areas": areas_in_words(course.areas.all()),
            "verdict": words.verdict(found),
            "facts": words.facts(found),
            "table": words.table(found),
            "chart_table": tables.chart_table(found),
            "claim_table": tables.claim_table(found),
            "reaction_table": tables.reaction_table(found),
            "shows_others": found.shows_others,
            "clinic_note": words.clinic_note(found),
            "wide": course_chart(found, WIDE),
            "narrow": course_chart(found, NARROW),
            "caption": scale_caption(found.focus, found) if found.focus else "",
            "all_series": views,
            "series": series,
            "pair": pair(course, series) if series else None,
            "mode": Mode.SLIDER,
            "form": form,
            "banner": course_banner(course, found.now),
            "still_booked": (left := [] if course.takes_sessions else still_booked(course, found.now)),
            "still_booked_seen": stamps(left),
            "now": found.now,
        },
    )


def report_pdf(request: Request, public_id: UUID) -> HttpResponse:
    """Return the report; `for=patient` leaves out what clinicians told each other."""
    course = get_course(request.user, public_id)
    found = outcome(course, timezone.now(), focus=request.GET.get("place", ""))
    paper = report(found, for_patient=request.GET.get("for") == "patient")
    response = HttpResponse(paper, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="progress-{course.patient.record_number}.pdf"'
    return response


def progress_data(request: Request, public_id: UUID) -> JsonResponse:
    """Return the numbers of the page, for other programs."""
    course = get_course(request.user, public_id)
    return JsonResponse(outcome_data(outcome(course, timezone.now(), focus=request.GET.get("place", ""))))


@may("treatments.review_milestone")
def decide(request: Request, public_id: UUID) -> HttpResponse:
    """Sign the decision of a milestone; a change, and going on past the planned end, lead on to the plan.

    A refused decision is shown at this address, so that reading it again leads to the page it stands on.
    """
    course = get_course(request.user, public_id)
    if request.method != "POST":
        return redirect(reverse("course-progress", args=[course.public_id], query=request.GET or None))
    found = outcome(course, timezone.now(), focus=request.GET.get("place", ""))
    form = MilestoneForm(request.POST, outcome=found)
    if form.is_valid():
        try:
            made = actions.review(course, **form.cleaned_data, by=request.user, now=found.now)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, said(made, wants_plan=wants_plan(made, found)))
            page = "course-edit" if wants_plan(made, found) else "course-progress"
            return redirect(reverse(page, args=[course.public_id]))
    return progress_page(request, found, form)


def wants_plan(made: MilestoneReview, found: Outcome) -> bool:
    """Say whether the plan is to be changed after a decision: it says so, or the course goes on past its end."""
    goes_on = (
        made.decision == MilestoneReview.Decision.CONTINUE and made.after_session >= found.course.planned_sessions
    )
    return goes_on or made.decision == MilestoneReview.Decision.CHANGE


def said(made: MilestoneReview, *, wants_plan: bool) -> str:
    if wants_plan and made.decision == MilestoneReview.Decision.CONTINUE:
        words = _("The decision after session %(n)s is signed. Now say how many sessions are planned.")
        return words % {"n": made.after_session}
    decisions = {
        MilestoneReview.Decision.CONTINUE: _("The decision after session %(n)s is signed: the course goes on."),
        MilestoneReview.Decision.CHANGE: _("The decision after session %(n)s is signed. Now change the plan."),
        MilestoneReview.Decision.STOP: _("The decision after session %(n)s is signed: the course has ended."),
    }
    return decisions[MilestoneReview.Decision(made.decision)] % {"n": made.after_session}


@may("treatments.review_milestone")
def due_list(request: Request) -> HttpResponse:
    """List the courses that wait for a decision, the longest waiting first."""
    today = timezone.localdate()
    waiting = due_for_review(Course.objects.visible_to(request.user), today)
    waiting = waiting.select_related("patient", "protocol", "clinician", "location")
    return TemplateResponse(
        request,
        "treatments/progress/due.html",
        {"page": page(request, waiting, "last_session_at", "pk"), "today": today},
    )
