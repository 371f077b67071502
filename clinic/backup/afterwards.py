"""What is settled once in a restored clinic before anybody works there. An app above says what; this floor does it."""

from collections.abc import Callable
from datetime import datetime

Step = Callable[[datetime], str]
_steps: list[Step] = []


def settle_with(step: Step) -> None:
    """Have this run in a restored clinic: it returns what somebody has to know of it, or nothing."""
    _steps.append(step)


def settle(now: datetime) -> list[str]:
    """Run every step, and return what they have to say."""
    return [said for step in _steps if (said := step(now))]
