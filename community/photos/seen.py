"""Who sees which photos of a case: proof of a contact shows the resident, and is for those who may reach him."""

from collections.abc import Iterable

from community.models import Case
from community.photos.models import CasePhoto, PhotoStage
from community.sight import CONTACT_ROLES, roles_on
from core.access.models import Actor


def seen_photos(photos: Iterable[CasePhoto], *, case: Case, actor: Actor) -> tuple[CasePhoto, ...]:
    """Leave out of the photos of a case in his sight those that `actor` may not see."""
    may_see_proof = bool(roles_on(actor, case) & CONTACT_ROLES)
    return tuple(photo for photo in photos if may_see_proof or photo.stage is not PhotoStage.PROOF)
