"""What follows from a sign-in, wherever it was made."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.account.signals import user_logged_in as signed_in_in_full
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from clinic import sign_in_time
from clinic.actions.sign_ins import end_sign_ins, note_sign_in, sign_in_in_full
from clinic.devices import device_of
from clinic.http import where_from
from clinic.models import SignIn, User


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    now = timezone.now()
    sign_in_time.begin(request.session, now)
    note_sign_in(user, now=now, **where_from(request))


@receiver(signed_in_in_full)
def admit_here(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    sign_in_in_full(user, device=device_of(request), now=timezone.now())


@receiver(user_logged_out)
def end(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if request.session.session_key:
        SignIn.objects.filter(session_key=request.session.session_key).delete()


@receiver([password_changed, password_set, password_reset, authenticator_added, authenticator_removed])
@receiver(authenticator_reset)
def end_the_others(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    end_sign_ins(user, but=request.session.session_key)
    if request.user.is_authenticated:  # a new password has given this session another key
        note_sign_in(user, now=timezone.now(), **where_from(request))
