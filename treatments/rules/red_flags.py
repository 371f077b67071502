"""Danger signs that a patient can see or feel, and what each one is until a clinician has looked."""

from collections.abc import Iterable
from enum import StrEnum


class RedFlag(StrEnum):
    """In the order they are asked. Sources: docs/glossary.md, "Danger signs"."""

    BREATHING = "breathing"
    FACE_SWELLING = "face-swelling"
    DARK_SKIN = "dark-skin"
    SPREADING_REDNESS = "spreading-redness"
    PUS = "pus"
    FEVER = "fever"
    LATE_LUMP = "late-lump"


# What cannot wait for a clinic to answer its telephone.
EMERGENCIES = frozenset({RedFlag.BREATHING, RedFlag.FACE_SWELLING})

# The code of the kind in the catalogue. Several signs may be one reaction.
KIND_CODES = {
    RedFlag.BREATHING: "anaphylaxis",
    RedFlag.FACE_SWELLING: "anaphylaxis",
    RedFlag.DARK_SKIN: "necrosis",
    RedFlag.SPREADING_REDNESS: "infection",
    RedFlag.PUS: "abscess",
    RedFlag.FEVER: "infection",
    RedFlag.LATE_LUMP: "ntm",
}

LATE_FROM_DAYS = 7  # a lump before that is an expected one; from then on mycobacteria are thought of


def asked(days: int) -> list[RedFlag]:
    """Return the danger signs to ask for so many days after the session."""
    return [flag for flag in RedFlag if flag is not RedFlag.LATE_LUMP or days >= LATE_FROM_DAYS]


def kind_codes(flags: Iterable[RedFlag]) -> list[str]:
    """Return the kinds that these signs make, each once, the most pressing first."""
    ordered = [flag for flag in RedFlag if flag in set(flags)]
    return list(dict.fromkeys(KIND_CODES[flag] for flag in ordered))


def is_emergency(flags: Iterable[RedFlag]) -> bool:
    return not EMERGENCIES.isdisjoint(flags)
