"""The one error of this floor."""

from __future__ import annotations

from app.errors import NetworkFault
from app.i18n import tr


class FormatError(NetworkFault, ValueError):
    """What came over the wire is not a record that this program can read.

    Also a ``ValueError``: whoever reads one record among many goes on with the others.
    ``where`` names the element, never its content: no identity may reach a log.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(
            tr(
                "A record from the server cannot be read ({where}). Nothing was changed here; "
                "the other records are not affected. Tell the county hospital's engineer."
            ).format(where=where)
        )
