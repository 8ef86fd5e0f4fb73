"""The way to the county hospital: this network's proxy, and the county's own certificate."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.settings.sections import FormSection
from app.ui.sync.service import ConnectionWay, connection_way, keep_connection_way
from app.ui.widgets.buttons import Button, LinkButton
from app.ui.widgets.cards import label
from app.ui.widgets.fields import TextField


class ConnectionSection(FormSection):
    """Needed only where the county hospital cannot be reached without."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(
            context,
            tr("Way to the county hospital"),
            tr(
                "Only where whoever looks after the network says so. An empty proxy means the "
                "settings of this computer."
            ),
            tr("Save"),
        )
        self._certificate: Path | None = None
        self._trust_machine = False
        self.proxy = TextField(
            "proxy", tr("Proxy"), limit=300, placeholder=tr("http://proxy:3128, or none")
        )
        self.add(self.proxy)
        # Whoever opens the page begins above, with the address.
        self.setFocusProxy(None)
        row = QHBoxLayout()
        title = label(tr("Certificate"))
        title.setFixedWidth(theme.LABEL_WIDTH)
        row.addWidget(title)
        self.shown = label("", wrap=True)
        row.addWidget(self.shown, 1)
        self.choose = Button(tr("Choose file…"), self._choose_certificate)
        row.addWidget(self.choose)
        self.machine = LinkButton(tr("Trust this computer's list"), self._trust)
        row.addWidget(self.machine)
        self.content.addLayout(row)
        self._show(connection_way(context.store))

    def submit(self) -> None:
        if not self.fields.check():
            return
        self.run(
            keep_connection_way,
            self.context.store,
            self.proxy.value() or "",
            self._certificate,
            self._trust_machine,
            done=self._on_done,
        )

    def _on_done(self, way: ConnectionWay) -> None:
        self._show(way)
        self.strip.say(tr("Saved. It is used from the next connection on."), "confirmed")
        if self.context.sync is not None:
            self.context.sync.sync_now()

    def _show(self, way: ConnectionWay) -> None:
        self._certificate, self._trust_machine = None, False
        self.proxy.set_value(way.proxy)
        self.shown.setText(way.certificate or tr("this computer's list of authorities"))
        self.machine.setVisible(bool(way.certificate))

    def _choose_certificate(self) -> None:
        chosen = self._ask_for_file()
        if chosen:
            self._certificate, self._trust_machine = Path(chosen), False
            self.shown.setText(Path(chosen).name)
            self.save.setFocus()

    def _trust(self) -> None:
        self._certificate, self._trust_machine = None, True
        self.shown.setText(tr("this computer's list of authorities"))
        self.machine.hide()
        self.save.setFocus()

    def _ask_for_file(self) -> str:
        return QFileDialog.getOpenFileName(self, tr("Certificate"), "", "*.pem *.crt *.cer;;*")[0]
