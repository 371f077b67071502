from django.http import HttpRequest, HttpResponse


def start(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def course(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def edit(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def status(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError
