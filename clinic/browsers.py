"""What a browser says of itself, in words that its owner knows it by."""

from django.utils.translation import gettext as _

# The first that fits: most browsers claim to be several others as well.
BROWSERS = [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
]


def named(agent: str) -> str:
    """Return "Chrome, Android"; one that says nothing of itself is "an unknown browser"."""
    found = [next((name for sign, name in names if sign in agent), None) for names in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or _("an unknown browser")
