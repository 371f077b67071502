"""The way around, by role, as data. An app above adds the numbers that stand beside its items."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.http import Request
from clinic.roles import Role

MOST_TABS = 5  # at the bottom of a phone; the other items stand under the account
MOST = 99  # beside an item; more is "99+": every page waits for these numbers


def said(count: int) -> str:
    """Return the count as it is shown: "99+" for more than are counted."""
    return f"{MOST}+" if count > MOST else str(count)


@dataclass(frozen=True)
class Counts:
    """Work behind an item: what is due (grey) and what cannot wait (red)."""

    due: int = 0
    urgent: int = 0

    @property
    def all(self) -> int:
        return self.due + self.urgent


@dataclass(frozen=True)
class Item:
    key: str
    label: str | Promise
    short_label: str | Promise
    url_name: str
    icon: str
    roles: frozenset[Role]
    also: str = ""  # where other pages of the item begin


@dataclass(frozen=True)
class Link:
    """An item as one page shows it."""

    label: str | Promise
    short_label: str | Promise
    url: str
    icon: str
    is_current: bool
    count: int
    urgent_count: int
    in_tabbar: bool


EVERYONE = frozenset(Role)
TREATING = frozenset({Role.STAFF, Role.CLINICIAN})
MANAGING = frozenset({Role.ADMIN})
READING = frozenset({Role.CLINICIAN, Role.ADMIN})

ITEMS = [
    Item("today", _("Today"), _("Today"), "today", "calendar-check", EVERYONE),
    Item("calendar", _("Calendar"), _("Calendar"), "calendar", "calendar-days", EVERYONE, also="/waiting/"),
    Item("patients", _("Patients"), _("Patients"), "patient-list", "users", EVERYONE),
    Item("side-effects", _("Side effects"), _("Reactions"), "side-effect-list", "activity", TREATING),
    Item("follow-ups", _("Follow-ups"), _("Calls"), "follow-up-list", "phone", EVERYONE),
    Item("lots", _("Lots"), _("Lots"), "lot-list", "package", EVERYONE, also="/preparations/"),
    Item("reports", _("Reports"), _("Reports"), "report-list", "chart-no-axes-column", READING),
    Item("catalogue", _("Catalogue"), _("Catalogue"), "admin:app_list-treatments", "book-open", MANAGING),
    Item("staff", _("Staff"), _("Staff"), "staff-list", "id-card", MANAGING, also="/admin/clinic/user/"),
    Item("privacy", _("Privacy"), _("Privacy"), "privacy", "shield-check", MANAGING),
    Item("audit", _("Audit"), _("Audit"), "audit-list", "footprints", MANAGING),
    Item("backups", _("Backups"), _("Backups"), "backup-list", "database-backup", MANAGING),
]

_counters: dict[str, Callable[[Request], Counts]] = {}


def count_with(key: str, counter: Callable[[Request], Counts]) -> None:
    """Let `counter` say the numbers beside the item `key`. It runs once for each page that shows the item."""
    _counters[key] = counter


def navigation(request: Request) -> list[Link]:
    """Return the items this person has, the one they are in marked, with their counts."""
    role = request.user.role or (Role.ADMIN if request.user.is_superuser else None)
    links: list[Link] = []
    for item in ITEMS:
        if role not in item.roles:
            continue
        in_tabbar = len(links) < MOST_TABS
        url = address(item)
        counts = _counters[item.key](request) if item.key in _counters else Counts()
        here = request.path == url if url == "/" else request.path.startswith((url, item.also or url))
        links.append(Link(item.label, item.short_label, url, item.icon, here, counts.due, counts.urgent, in_tabbar))
    return links


def address(item: Item) -> str:
    name, _separator, app = item.url_name.partition("app_list-")
    return reverse(f"{name}app_list", args=[app]) if app else reverse(item.url_name)
