"""Signing a session with what was answered about the last one."""

from datetime import timedelta

from tests.treatments.session_forms import FIRST, edit_url, form_of, new_url

BEGAN = FIRST + timedelta(hours=1)  # 08:00 in Los Angeles on 2 March


def sign(client, course, **changes):
    changes.setdefault("action", "sign")
    return client.post(new_url(course), form_of(course, **changes))


def answer(effect, said, *, gone_on="", gone_at=""):
    key = effect.public_id
    return {f"back-{key}": said, f"gone-on-{key}": gone_on, f"gone-at-{key}": gone_at}


def say(client, course, draft, **changes):
    """Sign a draft with what is said in it now."""
    changes.setdefault("action", "sign")
    return client.post(edit_url(draft), form_of(course, version=draft.version, **changes))
