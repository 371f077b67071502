from django.http import HttpRequest, HttpResponse


def patient_list(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError
