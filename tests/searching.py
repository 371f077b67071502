"""Searching as a form of the pages does it: what is typed is sent, and the way leads to the page of what was found."""


def found_at(client, where, q, **others):
    """Return the address of what is found by these words."""
    return client.post(where, {"q": q, **others}).url


def find(client, where, q, **others):
    """Return the page of what is found by these words."""
    return client.get(found_at(client, where, q, **others))
