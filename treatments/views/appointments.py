from django.http import HttpRequest, HttpResponse


def book(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def appointment(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def status(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError
