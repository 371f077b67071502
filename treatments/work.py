from django.http import HttpRequest

from clinic.navigation import Counts


def side_effect_counts(request: HttpRequest) -> Counts:
    return Counts()


def follow_up_counts(request: HttpRequest) -> Counts:
    return Counts()
