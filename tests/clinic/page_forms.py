"""The forms of a page, read from it as a browser reads them, and filled as somebody in a hurry fills them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

# What is typed into an empty field, by how its name ends; anything else gets a word.
TYPED = {"_on": "2026-11-25", "birth_date": "1990-01-31", "email": "ana@x.example", "_ml": "2", "each_ml": "2"}
TYPED |= {"vials": "1", "phone": "", "country_code": "", "record_number": "", "strokes": "", "code": ""}


@dataclass
class PageForm:
    """A form: where it is sent, what its fields hold untouched, and what its lists and buttons offer."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def path(self) -> str:
        return urlsplit(self.action).path

    @property
    def names(self) -> set[str]:
        return {*self.fields, *self.offered}

    def filled(self) -> dict[str, list[str]]:
        """Return the form with a first choice, a day or a word where it was empty."""
        form = {name: list(values) for name, values in self.fields.items()}
        for name, values in form.items():
            if values == [""] and name not in self.hidden and name not in self.offered:
                form[name] = [next((text for ending, text in TYPED.items() if name.endswith(ending)), "As asked")]
        for name, values in self.offered.items():
            chosen = [value for value in values if value]
            if chosen and not any(form.get(name, [])):
                form[name] = chosen[:1]
        return form


class _Reader(HTMLParser):
    def __init__(self, address):
        super().__init__()
        self.address, self.forms, self.by_id = address, [], {}
        self.form = self.select = self.text = None

    def handle_starttag(self, tag, attrs):
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = PageForm(urljoin(self.address, told.get("action", "")))
            self.by_id[told.get("id")] = self.form
            if told.get("method", "").lower() == "post":
                self.forms.append(self.form)
        form = self.by_id.get(told["form"]) if told.get("form") else self.form
        if form is None or "disabled" in told:
            return
        if tag == "input":
            self.read_input(form, told)
        elif tag in {"select", "textarea"}:
            form.fields.setdefault(told.get("name", ""), [])
            setattr(self, {"select": "select", "textarea": "text"}[tag], (form, told.get("name", ""), []))
        elif tag == "option" and self.select:
            form, name, _said = self.select
            form.offered.setdefault(name, []).append(told.get("value", ""))
            if "selected" in told:
                form.fields[name].append(told.get("value", ""))

    def read_input(self, form, told):
        name, kind = told.get("name"), told.get("type", "text")
        if not name or kind in {"submit", "button", "file"}:
            return
        if kind in {"checkbox", "radio"}:
            form.offered.setdefault(name, []).append(told.get("value", "on"))
            if "checked" in told:
                form.fields.setdefault(name, []).append(told.get("value", "on"))
            return
        if kind == "hidden":
            form.hidden.add(name)
        form.fields.setdefault(name, []).append(told.get("value", ""))

    def handle_data(self, data):
        if self.text:
            self.text[2].append(data)

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea" and self.text:
            form, name, said = self.text
            form.fields[name].append("".join(said).removeprefix("\n"))
            self.text = None


def forms_of(response):
    """Return the forms of a page that are posted, in their order; none of what is no page."""
    if response.streaming or "html" not in response.headers.get("Content-Type", ""):
        return []
    asked = response.request["QUERY_STRING"]
    reader = _Reader(response.request["PATH_INFO"] + (f"?{asked}" if asked else ""))
    reader.feed(response.content.decode())
    return reader.forms
