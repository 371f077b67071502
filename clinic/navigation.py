"""The way around, by role, as data. An app above adds the numbers that stand beside its items."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

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
    group: str | Promise = ""  # the entry of the bar that it stands under


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
    group: str | Promise = ""


@dataclass(frozen=True)
class Group:
    """An entry of the bar that opens on several links, and says of them what each says."""

    label: str | Promise
    links: list[Link]

    @property
    def is_current(self) -> bool:
        return any(link.is_current for link in self.links)

    @property
    def count(self) -> int:
        return sum(link.count for link in self.links)

    @property
    def urgent_count(self) -> int:
        return sum(link.urgent_count for link in self.links)


EVERYONE = frozenset(Role)
TREATING = frozenset({Role.STAFF, Role.CLINICIAN})
MANAGING = frozenset({Role.ADMIN})
READING = frozenset({Role.CLINICIAN, Role.ADMIN})
CLINIC = _("Clinic")

ITEMS = [
    Item("today", _("Today"), _("Today"), "today", "calendar-check", EVERYONE),
    Item("calendar", _("Calendar"), _("Calendar"), "calendar", "calendar-days", EVERYONE, also="/waiting/"),
    Item("patients", _("Patients"), _("Patients"), "patient-list", "users", EVERYONE),
    Item("side-effects", _("Side effects"), _("Reactions"), "side-effect-list", "activity", TREATING),
    Item("follow-ups", _("Follow-ups"), _("Calls"), "follow-up-list", "phone", EVERYONE),
    Item("lots", _("Lots"), _("Lots"), "lot-list", "package", EVERYONE, also="/preparations/"),
    Item("reports", _("Reports"), _("Reports"), "report-list", "chart-no-axes-column", READING),
    Item(
        "catalogue", _("Catalogue"), _("Catalogue"), "admin:app_list-treatments", "book-open", MANAGING, group=CLINIC
    ),
    Item("staff", _("Staff"), _("Staff"), "staff-list", "id-card", MANAGING, also="/admin/clinic/user/", group=CLINIC),
    Item("privacy", _("Privacy"), _("Privacy"), "privacy", "shield-check", MANAGING, group=CLINIC),
    Item("audit", _("Audit"), _("Audit"), "audit-list", "footprints", MANAGING, group=CLINIC),
    Item("backups", _("Backups"), _("Backups"), "backup-list", "database-backup", MANAGING, group=CLINIC),
    Item("records", _("Manage records"), _("Records"), "admin:index", "database", MANAGING, group=CLINIC),
]

_counters: dict[str, Callable[[Request], Counts]] = {}


def count_with(key: str, counter: Callable[[Request], Counts]) -> None:
    """Let `counter` say the numbers beside the item `key`. It runs once for each page that shows the item."""
    _counters[key] = counter


def navigation(request: Request) -> list[Link]:
    """Return the items this person has, the one they are in marked, with their counts."""
    roles = {request.user.role} | ({Role.ADMIN} if request.user.is_superuser else set())
    links: list[Link] = []
    for item in ITEMS:
        if item.roles.isdisjoint(roles):
            continue
        in_tabbar = len(links) < MOST_TABS
        url = address(item)
        counts = _counters[item.key](request) if item.key in _counters else Counts()
        here = request.path == url if url == "/" else request.path.startswith((url, item.also or url))
        of_item = (item.label, item.short_label, url, item.icon)
        links.append(Link(*of_item, here, counts.due, counts.urgent, in_tabbar, item.group))
    return links


def grouped(links: Iterable[Link]) -> list[Link | Group]:
    """Return the entries of the bar: links, and of those that stand under one entry, that one with all of them."""
    entries: list[Link | Group] = []
    for label, neighbours in groupby(links, key=lambda link: link.group):
        some = list(neighbours)
        entries += [Group(label, some)] if label else some
    return entries


def address(item: Item) -> str:
    name, _separator, app = item.url_name.partition("app_list-")
    return reverse(f"{name}app_list", args=[app]) if app else reverse(item.url_name)
