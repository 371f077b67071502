"""What a clinician says of a reaction: whether the treatment caused it, and what became of it.

The terms are those of the WHO-UMC system and of FHIR R4 AdverseEvent; sources in docs/glossary.md, "Review".
"""

from enum import StrEnum

DEATH = 5  # CTCAE


class Causality(StrEnum):
    """The WHO-UMC terms, by their codes in FHIR R4 (adverse-event-causality-assess)."""

    CERTAIN = "Certain"
    PROBABLE = "Probably-Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    CONDITIONAL = "Conditional-Classified"
    UNASSESSABLE = "Unassessable-Unclassifiable"


class Relation(StrEnum):
    """How the six terms are read at a glance."""

    RELATED = "related"
    POSSIBLE = "possible"
    UNRELATED = "unrelated"
    UNDECIDED = "undecided"


RELATIONS = {
    Causality.CERTAIN: Relation.RELATED,
    Causality.PROBABLE: Relation.RELATED,
    Causality.POSSIBLE: Relation.POSSIBLE,
    Causality.UNLIKELY: Relation.UNRELATED,
    Causality.CONDITIONAL: Relation.UNDECIDED,
    Causality.UNASSESSABLE: Relation.UNDECIDED,
}


def relation(causality: str) -> Relation:
    return RELATIONS[Causality(causality)]


class Outcome(StrEnum):
    """FHIR R4 adverse-event-outcome."""

    RESOLVED = "resolved"
    RECOVERING = "recovering"
    ONGOING = "ongoing"
    SEQUELAE = "resolvedWithSequelae"
    FATAL = "fatal"
    UNKNOWN = "unknown"


def outcomes(*, is_open: bool, grade: int | None) -> list[Outcome]:
    """Return the outcomes that agree with the record, the one it speaks for first.

    A death is grade 5 and nothing else; what is still there has not resolved; of what is gone the outcome is known.
    """
    if grade == DEATH:
        return [Outcome.FATAL]
    if is_open:
        return [Outcome.ONGOING, Outcome.RECOVERING, Outcome.UNKNOWN]
    return [Outcome.RESOLVED, Outcome.SEQUELAE]
