"""The photos of a course: taking them in, what is still wanted, one of them, and two side by side."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.models import User, VersionConflictError
from clinic.paging import page
from treatments.actions import photos as actions
from treatments.banner import course_banner
from treatments.forms.photos import ErrorForm, MoveForm, PhotoForm, PhotoUploadForm, SortForm, sessions_of
from treatments.models import Course, Photo, Session
from treatments.photo_consent import missing_consent, refusal_of_photos
from treatments.photo_files import TYPES, path_of
from treatments.photos import BEFORE, MODE_NAMES, Mode, chosen, missing, pair, session_photos, slots, waiting
from treatments.views.courses import get_course

PAGE = 48


def get_photo(user: User, public_id: UUID) -> Photo:
    """Return the photo with all that its page shows, or 404; times are those of its place."""
    photo = get_object_or_404(Photo.objects.visible_to(user).for_page(), public_id=public_id)
    photo.course.location.keep_time()
    return photo


def session_asked_for(request: Request, sessions: list[Session]) -> Session | None:
    """Return the session that the address names, else the latest; None for the time before the first."""
    asked = request.GET.get("session", "")
    if asked == BEFORE:
        return None
    by_id = {str(session.public_id): session for session in sessions}
    return by_id.get(asked) or next(iter(sessions), None)


@may("treatments.see_photo")
def course_photos(request: Request, public_id: UUID) -> HttpResponseBase:
    course = get_course(request.user, public_id)
    if request.method == "POST":
        return receive(request, course)
    return photos_page(request, course, None)


@may("treatments.take_photo")
def receive(request: Request, course: Course) -> HttpResponse:
    """Take in what was sent: with a script one photo at a time, answered in JSON; without, all in one form."""
    now = timezone.now()
    form = PhotoUploadForm(request.POST, request.FILES, course=course, now=now)
    by_script = request.headers.get("Accept") == "application/json"
    photos: list[Photo] = []
    if form.is_valid():
        arrival = actions.receive(course, form.cleaned_data["photos"], facts=form.facts(), by=request.user, now=now)
        photos = arrival.photos
        for refusal in arrival.refusals:
            form.add_error("photos", refusal.why if by_script else str(refusal))
    if "card" in request.POST:
        return session_card(request, form, photos)
    if by_script:
        return JsonResponse({"received": len(photos), **why_not(form)}, status=200 if form.is_valid() else 422)
    if photos:
        words = ngettext("%(count)s photo is received.", "%(count)s photos are received.", len(photos))
        messages.success(request, words % {"count": len(photos)})
    if form.is_valid():
        return redirect(address_of(course, form.cleaned_data["session"]))
    return photos_page(request, course, form)


def why_not(form: PhotoUploadForm) -> dict[str, Any]:
    """Return what a script shows of what was refused: {"refused": words, "way_out": {"words", "url"} or None}."""
    if form.refusal:
        way_out = {"words": form.refusal.way_out, "url": form.refusal.url} if form.refusal.url else None
        return {"refused": [form.refusal.words], "way_out": way_out}
    return {"refused": [error for errors in form.errors.values() for error in errors], "way_out": None}


def session_card(request: Request, form: PhotoUploadForm, photos: list[Photo]) -> HttpResponse:
    """Answer the page of a session with its photos as they stand now.

    The session may have been saved while the photo was on its way: then it belongs to it all the same.
    """
    course, now = form.course, form.now
    session = form.cleaned_data.get("session") if hasattr(form, "cleaned_data") else None
    today = course.location.today(now)
    if photos and session is None:
        saved = Session.objects.standing().filter(course=course).performed_on(today, course.location).first()
        if saved:
            saved.course = course
            actions.keep_photos_of_day(saved, now=now)
    day = course.day_of(photos[0].taken_at) if photos and session is None else today
    return TemplateResponse(
        request,
        "treatments/sessions/_photos.html",
        {
            "course": course,
            "session": session,
            "photos": session_photos(course, session, session.performed_at if session else now, now),
            "refused": why_not(form)["refused"],
            "other_day": day if day != today else None,
        },
        status=200 if form.is_valid() else 422,
    )


def address_of(course: Course, session: Session | None) -> str:
    return f"{reverse('course-photos', args=[course.public_id])}?session={session.public_id if session else BEFORE}"


def photos_page(request: Request, course: Course, form: PhotoUploadForm | None) -> HttpResponse:
    now = timezone.now()
    sessions = list(sessions_of(course))
    session = session_asked_for(request, sessions)
    wanted = slots(course, session)
    of_course = Photo.objects.of_course(course)
    unsorted = list(of_course.counting().ready().unsorted().for_list()[:PAGE])
    to_sort = Photo.objects.of_course(course).ready().unsorted().order_by().values("pk")
    shown = of_course.usable().exclude(pk__in=to_sort).for_list()
    return TemplateResponse(
        request,
        "treatments/photos/course.html",
        {
            "course": course,
            "sessions": sessions,
            "session": session,
            "slots": wanted,
            "missing": missing(wanted),
            "form": form or PhotoUploadForm(course=course, now=now, initial={"session": session}),
            "sort_form": SortForm(course=course, photos=unsorted) if unsorted else None,
            "refusal": refusal_of_photos(course.patient, Photo.Scope.RECORD, now),
            "waiting": waiting(course, now),
            "failed": list(of_course.counting().failed()[:PAGE]),
            "withdrawn": list(of_course.withdrawn().for_list()[:PAGE]),
            "page": page(request, shown, "-taken_at", "-pk", size=PAGE),
            "banner": course_banner(course, now),
        },
    )


@require_POST
@may("treatments.take_photo")
def sort(request: Request, public_id: UUID) -> HttpResponse:
    """Say what photos without a view show."""
    course = get_course(request.user, public_id)
    photos = list(Photo.objects.of_course(course).counting().ready().unsorted()[:PAGE])
    form = SortForm(request.POST, course=course, photos=photos)
    if form.is_valid():
        count = form.save()
        words = ngettext("%(count)s photo has its view.", "%(count)s photos have their view.", count)
        messages.success(request, words % {"count": count})
    else:
        messages.error(request, _("A view was not one of the list. Choose again."))
    return redirect("course-photos", course.public_id)


@require_safe
@may("treatments.see_photo")
def photo(request: Request, public_id: UUID, size: str) -> HttpResponse:
    """Hand out one size of a photo to people who may see it, and to no cache; `blinded` leaves out its day."""
    found = get_object_or_404(
        Photo.objects.visible_to(request.user).ready().select_related("course__location"), public_id=public_id
    )
    if size not in TYPES:
        raise Http404
    path = path_of(found, size)
    if settings.PHOTO_ACCEL_PREFIX:
        response = HttpResponse(content_type=TYPES[size])
        response.headers["X-Accel-Redirect"] = f"{settings.PHOTO_ACCEL_PREFIX}{path.relative_to(settings.PHOTO_ROOT)}"
    else:
        try:
            response = HttpResponse(path.read_bytes(), content_type=TYPES[size])
        except FileNotFoundError:
            raise Http404 from None
    day = "" if "blinded" in request.GET else f"-{found.course.location.local(found.taken_at):%Y-%m-%d}"
    response.headers["Content-Disposition"] = f'inline; filename="photo{day}{path.suffix}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@may("treatments.see_photo")
def photo_page(request: Request, public_id: UUID) -> HttpResponse:
    """One photo large, with what is said of it; people who treat correct that here."""
    photo = get_photo(request.user, public_id)
    form = PhotoForm(request.POST or None, instance=photo, now=timezone.now())
    if request.method == "POST" and form.is_valid():
        try:
            form.save()
        except VersionConflictError:
            form.refuse(Photo.objects.get(pk=photo.pk))
        else:
            messages.success(request, _("%(what)s is saved.") % {"what": photo.title})
            return redirect(photo)
    return one_page(request, photo, form=form)


def one_page(request: Request, photo: Photo, **forms: Any) -> HttpResponse:
    """Show one photo; a step that was refused brings its own form."""
    if request.method == "POST":  # what was typed and refused stands in the form, not in the page around it
        photo = Photo.objects.for_page().get(pk=photo.pk)
    now = timezone.now()
    forms = {
        "form": PhotoForm(instance=photo, now=now),
        "move_form": MoveForm(photo=photo, user=request.user, now=now),
        "error_form": ErrorForm(photo=photo),
    } | forms
    return TemplateResponse(
        request,
        "treatments/photos/photo.html",
        {
            "photo": photo,
            "course": photo.course,
            "unagreed": missing_consent(photo.course.patient, Photo.Scope(photo.consent_scope), now),
            "banner": course_banner(photo.course, now),
            **forms,
        },
    )


@require_POST
@may("treatments.take_photo")
def move(request: Request, public_id: UUID) -> HttpResponse:
    """Give a photo to the course it belongs to, of this patient or of another."""
    photo = get_photo(request.user, public_id)
    form = MoveForm(request.POST, photo=photo, user=request.user, now=timezone.now())
    came_from = photo.course
    if form.is_valid():
        try:
            form.save()
        except ValidationError as error:
            form.add_error(None, error)
        except VersionConflictError:
            form.add_error(None, _("Somebody changed this photo meanwhile. Read it again, then decide."))
        else:
            words = _("The photo belongs to %(name)s now.")
            messages.success(request, words % {"name": photo.course.patient.full_name})
            return redirect("course-photos", came_from.public_id)
    return one_page(request, photo, move_form=form)


@require_POST
@may("treatments.take_photo")
def error(request: Request, public_id: UUID) -> HttpResponse:
    """Say that a photo was entered in error, or that it was none."""
    photo = get_photo(request.user, public_id)
    form = ErrorForm(request.POST, photo=photo)
    if request.POST.get("step") == "back":
        form.fields["reason"].required = False
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            if request.POST.get("step") == "back":
                photo.entered_in_error_at, photo.error_reason = None, ""
                photo.validate_constraints()
                actions.restore(photo, version=version)
                messages.success(request, _("The photo counts again."))
            else:
                actions.withdraw(photo, reason=form.cleaned_data["reason"], now=timezone.now(), version=version)
                messages.success(request, _("The photo is marked as entered in error."))
        except ValidationError as refusal:
            form.add_error(None, refusal)
        except VersionConflictError:
            form.add_error(None, _("Somebody changed this photo meanwhile. Read it again, then decide."))
        else:
            return redirect(photo)
    return one_page(request, photo, error_form=form)


@may("treatments.see_photo")
def compare(request: Request, public_id: UUID) -> HttpResponse:
    """Two photos of one view: under a slider, side by side, or one shining through the other."""
    course = get_course(request.user, public_id)
    found, series = chosen(course, request.GET.get("shot", ""))
    mode = Mode(request.GET["mode"]) if request.GET.get("mode") in list(Mode) else Mode.SLIDER
    two = pair(course, series, request.GET.get("before", ""), request.GET.get("after", "")) if series else None
    return TemplateResponse(
        request,
        "treatments/photos/compare.html",
        {
            "course": course,
            "all_series": found,
            "series": series,
            "pair": two,
            "mode": mode,
            "modes": MODE_NAMES.items(),
            "banner": course_banner(course, timezone.now()),
        },
    )
