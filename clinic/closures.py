"""What follows when a closure or an absence is called off. An app above says it, as it does with `navigation`."""

from collections.abc import Callable

from clinic.http import Request
from clinic.models import Closure

_tellers: list[Callable[[Request, Closure], None]] = []


def when_lifted(tell: Callable[[Request, Closure], None]) -> None:
    """Let `tell` say what follows to whoever calls a closure off, once it is saved."""
    _tellers.append(tell)


def tell_of_lifted(request: Request, closure: Closure) -> None:
    for tell in _tellers:
        tell(request, closure)
