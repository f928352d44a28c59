"""What locating answers outside the program: the same names in JSON and in CSV columns."""

from dataclasses import dataclass

from geo.models import Located, Reason

#: Columns that `locate --csv` adds, in this order.
COLUMNS = (
    "area_code",
    "area_name",
    "area_path",
    "generation",
    "candidates",
    "metres_to_line",
    "needs_confirmation",
)


@dataclass(frozen=True, slots=True)
class LocateAnswer:
    """Where a point belongs. `area_path` is the codes and `area_names` the names from the root to the area.

    All area fields are null for the duty desk. `metres_to_line` is the distance to the nearest line between areas; null
    when it is too far to say. `candidates` are the codes of every area within a metre, the chosen one first.
    """

    area_code: str | None
    area_name: str | None
    area_level: str | None
    area_path: str | None
    area_names: tuple[str, ...]
    generation: int | None
    candidates: tuple[str, ...]
    metres_to_line: float | None
    needs_confirmation: bool
    reason: Reason


def answer_of(located: Located) -> LocateAnswer:
    """Tell what was located; metres to the centimetre."""
    area = located.area
    metres = located.metres_to_line
    return LocateAnswer(
        area_code=None if area is None else area.code,
        area_name=None if area is None else area.name,
        area_level=None if area is None else area.level,
        area_path=None if area is None else area.path,
        area_names=() if area is None else area.names,
        generation=located.generation_id,
        candidates=located.candidates,
        metres_to_line=None if metres is None else round(metres, 2),
        needs_confirmation=located.needs_confirmation,
        reason=located.reason,
    )


def columns_of(located: Located) -> list[str]:
    """Write what was located as the CSV columns `COLUMNS`; what is unknown stays empty."""
    answer = answer_of(located)
    return [
        answer.area_code or "",
        answer.area_name or "",
        answer.area_path or "",
        "" if answer.generation is None else str(answer.generation),
        "|".join(answer.candidates),
        "" if answer.metres_to_line is None else str(answer.metres_to_line),
        "true" if answer.needs_confirmation else "false",
    ]
