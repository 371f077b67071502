"""What a patient sees through the aftercare link: no sign-in, but a birth date; no name before it.

Every answer to a token that opens nothing is the same page. Nothing of an address or a birth date is logged.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from clinic import trail
from patients.languages import spoken, wanted
from treatments import aftercare
from treatments.actions import aftercare as actions
from treatments.forms.aftercare import AnswerForm, BirthDateForm
from treatments.models import AftercareAnswer, AftercareLink, AftercareText
from treatments.rules.red_flags import RedFlag, is_emergency

OPEN_FOR = timedelta(minutes=30)  # after the birth date, before it is asked for again
COOKIE = "__Secure-aftercare" if settings.SESSION_COOKIE_SECURE else "aftercare"
SALT = "treatments.aftercare.birth-date"

Page = Callable[[HttpRequest, AftercareLink, datetime], HttpResponse]


def through_link(page: Page) -> Callable[[HttpRequest, str], HttpResponse]:
    """Find the link of a token and show the page in the patient's language and the clinic's time.

    What opens nothing gets one calm page, whatever the reason.
    """

    @login_not_required
    @sensitive_post_parameters()
    @wraps(page)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        link = aftercare.find_open(token, now)
        language = language_of(request, link)
        zone = link.session.course.location.tz if link else timezone.get_current_timezone()
        with translation.override(language), timezone.override(zone):
            if link is None:
                response = show(request, "closed.html", status=HTTPStatus.NOT_FOUND)
            else:
                response = page(request, link, now)
        add_never_cache_headers(response)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Content-Language"] = language
        return response

    # The address is a secret of its own that no other site knows, and some mail programs' browsers keep no cookie
    # for the usual protection.
    return csrf_exempt(wrapped)


def language_of(request: HttpRequest, link: AftercareLink | None) -> str:
    """Return the patient's language, unless another is chosen on the page."""
    if link is None or chosen(request):
        return wanted(request)
    return spoken(link.patient.language)


def chosen(request: HttpRequest) -> str:
    """Return the language chosen on the page, empty for none that we speak."""
    language = request.GET.get("lang", "")
    return language if language in settings.PATIENT_LANGUAGES else ""


def show(
    request: HttpRequest,
    template: str,
    link: AftercareLink | None = None,
    *,
    status: int = HTTPStatus.OK,
    **context: Any,
) -> HttpResponse:
    """Render a page at once: rendered later, it would be in the language of the staff."""
    context["languages"] = LANGUAGES
    if link:
        context["location"] = link.session.course.location
        context |= alarm_of(link, ticked(request))
    html = render_to_string(f"treatments/aftercare/{template}", context, request)
    return HttpResponse(html, status=status)


def ticked(request: HttpRequest) -> list[RedFlag]:
    """Return the danger signs that were sent, whether or not the form they came with can be kept."""
    sent = set(request.POST.getlist("red_flags"))
    return [flag for flag in RedFlag if flag.value in sent]


def alarm_of(link: AftercareLink, flags: list[RedFlag]) -> dict[str, Any]:
    """Return what heads a page once a danger sign was ticked: what to do now."""
    if not flags:
        return {}
    text = AftercareText.objects.closest(link.session, translation.get_language() or settings.LANGUAGE_CODE)
    return {"is_alarming": True, "is_emergency": is_emergency(flags), "emergency": text.emergency if text else ""}


LANGUAGES = [(code, translation.get_language_info(code)["name_local"]) for code in settings.PATIENT_LANGUAGES]


def page_of(link: AftercareLink, name: str = "aftercare") -> str:
    return reverse(name, args=[aftercare.token_of(link)])


def address(request: HttpRequest, link: AftercareLink, name: str = "aftercare") -> str:
    """Return a page of the link, in the language chosen."""
    language = chosen(request)
    return page_of(link, name) + (f"?lang={language}" if language else "")


def lead(request: HttpRequest, link: AftercareLink, name: str = "aftercare") -> HttpResponseRedirect:
    return HttpResponseRedirect(address(request, link, name))


def addresses(request: HttpRequest, link: AftercareLink) -> dict[str, Any]:
    return {"address": address(request, link), "close": address(request, link, "aftercare-close")}


def is_known(request: HttpRequest, link: AftercareLink) -> bool:
    """Say whether the birth date was given here a short while ago, for this link."""
    given = request.get_signed_cookie(COOKIE, default="", salt=SALT, max_age=OPEN_FOR)
    return given == str(link.public_id)


def remember(response: HttpResponse, link: AftercareLink) -> None:
    """Keep the page open for a while in this browser, for this link alone."""
    response.set_signed_cookie(
        COOKIE,
        str(link.public_id),
        salt=SALT,
        max_age=OPEN_FOR,
        path=page_of(link),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@through_link
def aftercare_page(request: HttpRequest, link: AftercareLink, now: datetime) -> HttpResponse:
    """Ask for the birth date, then show the page and keep what is answered.

    An answer that was typed for so long that the page closed comes along through the question, and is kept after it.
    """
    known_before = is_known(request, link)
    if not known_before:
        refusal = ask_birth_date(request, link, now)
        if refusal:
            return refusal
    is_answer = request.method == "POST" and "form_token" in request.POST
    response = take_answer(request, link, now) if is_answer or known_before else lead(request, link)
    if not known_before:
        remember(response, link)
    return response


def take_answer(request: HttpRequest, link: AftercareLink, now: datetime) -> HttpResponse:
    """Show the page, and keep an answer that was sent: one, however often it is sent."""
    trail.saw(link)
    if request.method == "POST" and is_too_much(request, link):
        return show(request, "busy.html", link, status=HTTPStatus.TOO_MANY_REQUESTS)
    language = translation.get_language() or settings.LANGUAGE_CODE
    page = aftercare.aftercare_page(link, now, language)
    form = AnswerForm(request.POST if request.method == "POST" else None, link=link, page=page, now=now)
    if form.is_valid():
        with translation.override(settings.LANGUAGE_CODE):  # what the record says of it is for the staff
            actions.answer(link, form.reported(language), token=form.cleaned_data["form_token"], now=now)
        return lead(request, link, "aftercare-answered")
    return show(request, "page.html", link, page=page, form=form, **addresses(request, link))


def is_too_much(request: HttpRequest, link: AftercareLink) -> bool:
    """Say whether too much came of late. Danger signs have a count of their own beyond the usual one."""
    key = str(link.public_id)
    if ratelimit.consume(request, action="aftercare_answer", key=key):
        return False
    return not (ticked(request) and ratelimit.consume(request, action="aftercare_danger", key=key))


def ask_birth_date(request: HttpRequest, link: AftercareLink, now: datetime) -> HttpResponse | None:
    """Return the question for the birth date, or None once the right one is given.

    Of a wrong one no more is said than that it is not the one known. Right ones count against nobody.
    """
    form = BirthDateForm(request.POST if "day" in request.POST else None)
    if link.rests(now):
        return show(request, "locked.html", link, is_locked=link.is_locked)
    if form.is_bound:
        if not ratelimit.consume(request, action="aftercare_birth_date", dry_run=True):
            return show(request, "busy.html", link, status=HTTPStatus.TOO_MANY_REQUESTS)
        if actions.try_birth_date(link, form.birth_date, now=now):
            return None
        ratelimit.consume(request, action="aftercare_birth_date")
        link.refresh_from_db(fields=["wrong_tries", "open_again_at"])
        if link.rests(now):
            return show(request, "locked.html", link, is_locked=link.is_locked)
    typed = [(name, value) for name, values in request.POST.lists() for value in values if name not in form.fields]
    return show(request, "birth_date.html", link, form=form, typed=typed)


@require_http_methods(["GET", "HEAD"])
@through_link
def answered(request: HttpRequest, link: AftercareLink, now: datetime) -> HttpResponse:
    """Say what was understood, and what to do now; a danger sign first."""
    if not is_known(request, link):
        return lead(request, link)
    answer = aftercare.last_answer(link)
    if answer is None:
        return lead(request, link)
    trail.saw(link)
    language = translation.get_language() or settings.LANGUAGE_CODE
    page = aftercare.aftercare_page(link, now, language)
    return show(
        request,
        "answered.html",
        link,
        page=page,
        **addresses(request, link),
        answer=answer,
        reported=in_patients_words(answer, page.vocabulary),
        **alarm_of(link, answer.flags),
    )


def in_patients_words(answer: AftercareAnswer, vocabulary: aftercare.Vocabulary) -> list[str]:
    """Return what was reported: danger signs as they were ticked, never by the name of a disease."""
    ticked = answer.ticked
    new = [effect for effect in answer.side_effects.all() if not effect.is_of_urgent_kind]
    known = [
        f"{vocabulary.reaction(change.side_effect)}: {change.get_said_display()}"
        for change in answer.changes.all()
        if not (ticked and change.side_effect.is_of_urgent_kind)
    ]
    return [*ticked, *(vocabulary.reaction(effect) for effect in new), *known]


@require_POST
@through_link
def close(request: HttpRequest, link: AftercareLink, now: datetime) -> HttpResponse:
    """Close the page in this browser: whoever comes next is asked for the birth date."""
    response = lead(request, link)
    response.delete_cookie(COOKIE, path=page_of(link), samesite="Lax")
    return response
