"""What follows from a sign-in, wherever it was made."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from clinic import sign_in_time


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    sign_in_time.begin(request.session, timezone.now())
