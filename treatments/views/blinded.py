"""Scoring the photos of a course blindly: choosing them, one after the other, and what came of it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.models import User
from treatments.actions import blinded as actions
from treatments.banner import course_banner
from treatments.blinded import Turn, photos_of, revealed, turn
from treatments.forms.blinded import BlindedStartForm, RatingForm
from treatments.models import BlindedRun, Course, Photo
from treatments.views.courses import get_course

MOST_LISTED = 20


def get_run(user: User, public_id: UUID) -> BlindedRun:
    """Return the run, or 404: one that goes on is its rater's alone."""
    run = get_object_or_404(BlindedRun.objects.visible_to(user).for_page(), public_id=public_id)
    run.course.location.keep_time()
    return run


def going_on(user: User, course: Course) -> BlindedRun | None:
    return BlindedRun.objects.going_on().of_course(course).filter(rater=user).first()


@may("treatments.see_photo")
@may("treatments.record_assessment")
def overview(request: Request, public_id: UUID) -> HttpResponse:
    """Begin a blinded scoring, go on with one, and find those that are finished."""
    course = get_course(request.user, public_id)
    own = going_on(request.user, course)
    form = BlindedStartForm(request.POST or None, course=course)
    if request.method == "POST" and own:
        return redirect(own)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.start(course, **form.facts(), by=request.user, now=timezone.now()))
        except ValidationError as error:
            form.add_error(None, error)
    finished = BlindedRun.objects.finished().of_course(course).select_related("rater", "instrument")
    return TemplateResponse(
        request,
        "treatments/blinded/overview.html",
        {
            "course": course,
            "form": form,
            "own": own,
            "finished": finished.order_by("-finished_at", "-pk")[:MOST_LISTED],
            "banner": course_banner(course, timezone.now()),
        },
    )


@may("treatments.see_photo")
@may("treatments.record_assessment")
def run(request: Request, public_id: UUID) -> HttpResponse:
    """Score the photo that is next; of a finished run, show the order and what each rater gave."""
    found = get_run(request.user, public_id)
    if found.is_finished:
        return result(request, found)
    if request.method == "POST":
        return rate(request, found)
    now_at = turn(found)
    form = RatingForm(run=found, photo=now_at.photo) if now_at.photo else None
    return turn_page(request, found, now_at, form)


def rate(request: Request, found: BlindedRun) -> HttpResponse:
    """Keep what was given for the photo that the form names, and lead on to the next."""
    photo = named(found, request.POST.get("photo", ""))
    if photo is None:
        messages.error(request, _("That photo is none of this scoring. Here is the next one."))
        return redirect(found)
    form = RatingForm(request.POST, run=found, photo=photo)
    skips = "skip" in request.POST
    if not skips and not form.is_valid():
        at = turn(found)
        if at.photo != photo:
            messages.error(request, _("This photo is scored already. What was given first stands."))
            return redirect(found)
        return turn_page(request, found, at, form)
    try:
        actions.rate(found, photo=photo, entries=[] if skips else form.entries, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(found)


def named(found: BlindedRun, key: str) -> Photo | None:
    return next((photo for photo in photos_of(found) if str(photo.public_id) == key), None)


def turn_page(request: Request, found: BlindedRun, at: Turn, form: RatingForm | None) -> HttpResponse:
    """Show one photo with its questions, and nothing that tells when it was taken or of whom."""
    return TemplateResponse(
        request,
        "treatments/blinded/turn.html",
        {"run": found, "course": found.course, "turn": at, "form": form},
    )


@require_POST
@may("treatments.see_photo")
@may("treatments.record_assessment")
def finish(request: Request, public_id: UUID) -> HttpResponse:
    """End a run of one's own: it becomes scorings, and its order is shown."""
    found = get_run(request.user, public_id)
    if found.rater_id == request.user.pk:
        try:
            actions.finish(found, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    return redirect(found)


def result(request: Request, found: BlindedRun) -> HttpResponse:
    """Show the order and the raters beside each other, but to nobody who is scoring the course blindly."""
    own = going_on(request.user, found.course)
    if own:
        messages.warning(request, _("Finish your own blinded scoring first: this page tells the days."))
        return redirect("blinded-scoring", found.course.public_id)
    return TemplateResponse(
        request,
        "treatments/blinded/result.html",
        {
            "run": found,
            "course": found.course,
            "revealed": revealed(found),
            "banner": course_banner(found.course, timezone.now()),
        },
    )
