from django.http import HttpRequest, HttpResponse


def patient_record(request: HttpRequest, **kwargs: object) -> HttpResponse:
    raise NotImplementedError
