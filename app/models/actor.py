"""Who is acting: the signed-in person at an organisation."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of the staff. ``roles`` hold codes of the code list ``staff_role``."""

    staff_id: str
    organisation_id: str
    name: str
    roles: frozenset[str] = field(default_factory=frozenset)

    def has_role(self, *roles: str) -> bool:
        """Whether the person has one of ``roles``."""
        return not self.roles.isdisjoint(roles)
