from django.http import HttpRequest, HttpResponse


def log(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def session(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def edit(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def sign(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError
