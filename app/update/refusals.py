"""Why a file is not taken as an update, in words."""

from __future__ import annotations

from app.errors import EnvironmentFault, InputError
from app.i18n import tr


class UpdateRefused(InputError):
    """A file that is not taken as an update. ``why`` is a word for tests and logs."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


def cut() -> UpdateRefused:
    return UpdateRefused(
        "cut",
        tr(
            "This update is not whole: its end is missing. Nothing was changed. Copy it onto the "
            "stick again and wait until the copying has ended."
        ),
    )


def altered() -> UpdateRefused:
    return UpdateRefused(
        "altered",
        tr(
            "This update is damaged or was altered on its way. Nothing was changed. Get it again "
            "from the county hospital."
        ),
    )


def unreadable() -> EnvironmentFault:
    return EnvironmentFault(
        tr(
            "The update file cannot be read (is the stick still plugged in?). Nothing was "
            "changed. Plug it in again, or copy the file once more."
        )
    )
