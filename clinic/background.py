"""Work that no page waits for. The one module that knows which library does it.

Rows are the truth, the queue is only a bell: a task finds in the database what is to be done, so that one that was
lost, rung twice, or cut off with its worker is made good by the next. `manage.py run_huey` is the worker, which finds
the `tasks` module of each app.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django_tasks import TaskResult, task
from django_tasks.base import Task
from django_tasks.signals import task_finished
from huey import crontab
from huey.contrib.djhuey import HUEY, db_periodic_task, on_startup
from huey.contrib.djhuey.tasks_backend import KEY

__all__ = ["at_start", "every_five_minutes", "every_minute", "ring", "task"]


def ring(work: Task) -> None:
    """Let the worker do this once what was written is committed.

    Nothing is lost where the queue cannot be reached: what is to be done stands in its row, and is found there.
    """

    def enqueue() -> None:
        work.enqueue()

    transaction.on_commit(enqueue, robust=True)


def every_minute(work: Callable[[], Any]) -> None:
    """Have the worker do this every minute. Each of several workers may, so two may come at once."""
    db_periodic_task(crontab(minute="*"), name=f"{work.__name__}_every_minute")(work)


def every_five_minutes(work: Callable[[], Any]) -> None:
    """As `every_minute`, for what asks the database more."""
    db_periodic_task(crontab(minute="*/5"), name=f"{work.__name__}_every_five_minutes")(work)


def at_start(work: Task) -> None:
    """Have each worker do this first: what its predecessor left is taken up at once."""
    on_startup(name=f"{work.name}_at_start")(work.enqueue)


@receiver(task_finished)
def forget(sender: Any, task_result: TaskResult, **kwargs: Any) -> None:
    """Keep no record of what was done: nobody asks for it, and the queue would grow by each task for ever."""
    HUEY.delete(KEY % task_result.id)
