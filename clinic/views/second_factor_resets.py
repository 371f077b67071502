"""An admin takes away the second factors of a colleague who lost the phone."""

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.access import get_object_or_404, may
from clinic.http import Request
from clinic.models import User
from clinic.second_factor.need import factors_of, name_of
from clinic.second_factor.resetting import reset_second_factors


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("Such as “Phone lost, came in person”. It is kept, and goes to them by e-mail."),
    )


@may("clinic.reset_second_factor")
def reset(request: Request, public_id: str) -> HttpResponse:
    person = get_object_or_404(User.objects.all(), public_id=public_id)
    if person == request.user:
        # Whoever sits at an admin's open screen must not be able to make it theirs.
        raise PermissionDenied
    return reset_of(request, person)


@reauthentication_required(app="allauth.mfa")
def reset_of(request: Request, person: User) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    factors = list(factors_of(person).order_by("pk"))
    if factors and request.method == "POST" and form.is_valid():
        reset_second_factors(request, person, by=request.user, reason=form.cleaned_data["reason"], now=timezone.now())
        messages.success(
            request, _("%(name)s has no second step any more, and was told.") % {"name": person.get_full_name()}
        )
        return redirect("staff-person", person.public_id)
    page = {
        "names": ", ".join(map(name_of, factors)),
        "form": form,
        "person": person,
        "resets": person.second_factor_resets.select_related("by")[:10],
        "back": reverse("staff-person", args=[person.public_id]),
    }
    return TemplateResponse(request, "clinic/second_factor_reset.html", page)
