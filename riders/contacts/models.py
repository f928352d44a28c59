"""A person as somebody sees him who has to reach or to recognise him."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Name and phone in the clear, each None where it was not left; `id_number` only of an applicant."""

    name: str | None
    phone: str | None
    id_number: str | None = None
