"""The county hospital's server: its address and the one-time code that makes it know this PC."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.errors import InputError
from app.i18n import tr
from app.ui.context import UiContext
from app.ui.settings.sections import FormSection
from app.ui.sync.service import enrol, is_no_connection, server_address
from app.ui.widgets.fields import TextField


class ServerSection(FormSection):
    """Enrols this PC; what is recorded before that waits and is sent afterwards."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(
            context,
            tr("County hospital"),
            tr(
                "The referral office of the county hospital gives you the address and a code that "
                "works once. Everything recorded until then waits here and is sent afterwards. "
                "A proxy, or the county's own certificate, is set under Network."
            ),
            tr("Connect this PC"),
        )
        self.url = TextField(
            "url",
            tr("Server address"),
            placeholder="https://…",
            required=True,
            check=_address_problem,
        )
        self.code = TextField("code", tr("Enrolment code"), limit=100, required=True)
        self.add(self.url, self.code)
        self.url.set_value(server_address(context.store) or _prepared_address())

    def submit(self) -> None:
        if not self.fields.check():
            return
        self.run(enrol, self.context.store, self.url.value(), self.code.value(), done=self._on_done)

    def _on_done(self, _result: object) -> None:
        self.code.clear()
        self.strip.say(tr("The county hospital knows this PC now. Sending begins."), "confirmed")
        if self.context.sync is not None:
            self.context.sync.sync_now()

    def _failed(self, error: Exception) -> None:
        super()._failed(error)
        if is_no_connection(error):
            # The general sentence promises that sending begins by itself: not before this step.
            self.strip.say(
                tr(
                    "The county hospital cannot be reached at this address. This PC is not "
                    "connected and nothing was changed. Check the address and the network, then "
                    "try again."
                )
            )


def _prepared_address() -> str:
    """The address that the county prepared for this PC; a wrong file was told at the set-up."""
    from app import preset

    try:
        return preset.load().server
    except InputError:
        return ""


def _address_problem(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        port_fits = False
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
        return tr("This is not an address. It begins with https:// and the name of the server.")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return tr("Records travel encrypted only: the address begins with https://.")
    return None
