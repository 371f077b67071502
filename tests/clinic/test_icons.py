"""Icons: the library's drawing, once for each look."""

import pytest
from django.template import Context, Template
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide as draw

from clinic.templatetags.lucide import drawn


def shown(tag, **context):
    return Template("{% load lucide %}" + tag).render(Context(context))


def test_icon_is_the_librarys_and_is_drawn_once():
    drawn.cache_clear()

    first = shown('{% lucide "phone" size=16 aria_hidden="true" %}')
    again = shown('{% lucide name size=16 aria_hidden="true" %}', name="phone")

    assert first == again == draw("phone", size=16, aria_hidden="true")
    assert drawn.cache_info().misses == 1


def test_icons_of_other_sizes_are_other_drawings():
    assert shown('{% lucide "phone" size=16 %}') != shown('{% lucide "phone" size=18 %}')


def test_attribute_is_escaped():
    assert "<script>" not in shown('{% lucide "phone" class=typed %}', typed='"><script>')


def test_name_that_is_no_icon_is_a_fault():
    with pytest.raises(IconDoesNotExist):
        shown('{% lucide "no-such-icon" %}')
