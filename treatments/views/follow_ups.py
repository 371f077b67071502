from django.http import HttpRequest, HttpResponse


def call_list(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def contact(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError
