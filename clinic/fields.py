"""Fields that several records share."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.db import models


def fold(text: str) -> str:
    """Return the text as it is searched: no case, no accents, one space between words.

    "Ō'Brien" and "o'brien" fold to the same, as do "İzmir" and "izmir", and composed and decomposed letters.
    """
    decomposed = unicodedata.normalize(
        "NFKD", text.replace("ı", "i").replace("ß", "ss").replace("ø", "o").replace("Ø", "o")
    )
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(bare.casefold().split())


class NormalizedCharField(models.CharField):
    """Text kept in one Unicode form (NFC) with outer and doubled spaces removed, so that equal names are equal."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return normalize(value) if isinstance(value, str) else value

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalize(value) if isinstance(value, str) else value


def normalize(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


class FoldedField(models.CharField):
    """What other fields say, folded for search and sorting. Written with the row, bulk writes included."""

    def __init__(self, *args: Any, source: Iterable[str] = (), **kwargs: Any) -> None:
        self.source = tuple(source)
        kwargs.setdefault("editable", False)
        kwargs.setdefault("max_length", 500)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs["source"] = list(self.source)
        return name, path, args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 -- Django's signature
        words = (str(getattr(model_instance, field) or "") for field in self.source)
        value = fold(" ".join(words))[: self.max_length]
        setattr(model_instance, self.attname, value)
        return value
