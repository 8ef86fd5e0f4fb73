"""How this PC reaches the county hospital: the proxy of the network, the county's certificate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from app.i18n import tr
from app.ui.context import UiContext
from app.ui.settings.sections import FormSection
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import TextField

if TYPE_CHECKING:
    from app.models.store import Store
    from app.sync.connection import LinkSettings

_SYSTEM, _NONE, _OWN = "system", "none", "own"


class LinkSection(FormSection):
    """The next connection uses what is saved here."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(
            context,
            tr("Network"),
            tr(
                "Most PCs need nothing here. Ask who looks after the network, or the county "
                "hospital for its certificate file."
            ),
            tr("Save"),
        )
        self._ca: str | None = None
        self._ca_name: str | None = None
        self.proxy = ChoiceField(
            "way",
            tr("Proxy"),
            [
                (_SYSTEM, tr("As the system is set")),
                (_NONE, tr("No proxy")),
                (_OWN, tr("This one:")),
            ],
            required=True,
        )
        self.address = TextField("proxy", tr("Proxy address"), placeholder="http://proxy:3128")
        self.add(self.proxy, self.address)
        self.address.hide()
        self.proxy.changed.connect(lambda: self.address.setVisible(self.proxy.value() == _OWN))
        row = QHBoxLayout()
        self._certificate = label("", "secondary", wrap=True)
        self.choose_button = Button(
            tr("Choose a certificate…"), self._pick, icon_name="shield-check-line"
        )
        self.drop_button = QuietButton(tr("Remove it"), self._drop)
        row.addWidget(self._certificate, 1)
        row.addWidget(self.drop_button)
        row.addWidget(self.choose_button)
        self.content.addLayout(row)
        context.tasks.run(
            _settings, context.store, done=self._show, failed=self._failed, owner=self
        )

    def _show(self, found: LinkSettings) -> None:
        way = found.proxy if found.proxy in (_SYSTEM, _NONE) else _OWN
        self.proxy.set_value(way)
        self.address.set_value(found.proxy if way == _OWN else None)
        self._set_certificate(found.ca, found.ca_name)

    def _set_certificate(self, text: str | None, name: str | None) -> None:
        self._ca, self._ca_name = text, name
        self.drop_button.setVisible(text is not None)
        if text is None:
            self._certificate.setText(
                tr("Certificates: those that this PC trusts. A county's own one can be chosen.")
            )
        else:
            self._certificate.setText(
                tr("Only this certificate is trusted: {name}").format(name=name or "—")
            )

    def _pick(self) -> None:
        chosen = self._choose()
        if chosen:
            self.context.tasks.run(
                _read,
                Path(chosen),
                done=lambda found: self._set_certificate(*found),
                failed=self._failed,
                owner=self,
            )

    def _choose(self) -> str:
        return QFileDialog.getOpenFileName(
            self, tr("Certificate of the county hospital"), "", "*.pem *.crt *.cer;;*"
        )[0]

    def _drop(self) -> None:
        self._set_certificate(None, None)

    def submit(self) -> None:
        if not self.fields.check():
            return
        way = str(self.proxy.value())
        proxy = str(self.address.value() or "") if way == _OWN else way
        if way == _OWN and not proxy:
            self.address.show_problem(tr("Type the address of the proxy."))
            self.address.setFocus()
            return
        self.run(_change, self.context.store, proxy, self._ca, self._ca_name, done=self._on_done)

    def _on_done(self, _result: object) -> None:
        self.strip.say(tr("Saved. The next try uses it."), "confirmed")
        if self.context.sync is not None:
            self.context.sync.sync_now()


def _settings(store: Store) -> LinkSettings:
    from app.sync.connection import settings

    return settings(store)


def _read(path: Path) -> tuple[str, str]:
    from app.sync.connection import read_certificates

    return read_certificates(path)


def _change(store: Store, proxy: str, ca: str | None, ca_name: str | None) -> Any:
    from app.sync.connection import LinkSettings, change_settings

    return change_settings(store, LinkSettings(proxy, ca, ca_name))
