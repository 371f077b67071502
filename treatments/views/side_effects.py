from django.http import HttpRequest, HttpResponse


def log(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def work_list(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def side_effect(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def edit(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def resolve(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError


def review(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError
