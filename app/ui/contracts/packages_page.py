"""The service packages: the list left, the newest version of one of them right."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.care.contracts.completion import count_label
from app.care.contracts.packages import (
    MOST_TIMES,
    PAYERS,
    Package,
    PackageInput,
    ServiceItem,
    load_packages,
    retire_package,
    save_package,
)
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.contracts.controller import ContractsController
from app.ui.contracts.row_editor import RowEditor
from app.ui.contracts.sign_page import entries
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.values import NumberField


class PackagesPage(Page):
    """``left``: back to the lists. Only an administrator saves."""

    left = Signal()

    def __init__(self, controller: ContractsController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Packages"), parent=parent)
        self._controller = controller
        self._context = controller.context
        self.package: Package | None = None
        self.model = PagedModel(
            [
                Column(tr("Package"), lambda row: row.name, None, strong=True),
                Column(tr("Version"), lambda row: str(row.version), 56, align="right"),
                Column(tr("State"), _state, 64),
            ]
        )
        self.table = RecordTable(self.model, tr("Packages"), plain=True)
        self.table.chosen.connect(self._fill)
        side = Card(tr("Packages"))
        side.setFixedWidth(theme.SIDE_WIDTH)
        side.body.addWidget(self.table, 1)
        self.new_button = Button(tr("New package"), self.begin, icon_name="add-line")
        side.add_action(self.new_button)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(side)
        row.addWidget(self._editor(), 1)
        self.body.addLayout(row, 1)
        self.retire_button = QuietButton(
            tr("Offer no longer"), self._retire, icon_name="archive-line"
        )
        self.save_button = PrimaryButton(tr("Save as a new version"), self._save)
        self.add_footer(Button(tr("Go back"), self.left.emit), self.retire_button, self.save_button)
        FormNavigator(self, last=self.save_button)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.left)

    def _editor(self) -> Card:
        self.form = FormFields(self)
        self.services = RowEditor(
            tr("Services"),
            (
                TextField("name", tr("Service"), required=True, limit=50, stacked=True,
                          width=theme.NAME_WIDTH),
                NumberField("times", tr("Times a year"), required=True, hard=(0, MOST_TIMES),
                            stacked=True),
                ListField("counts", tr("Counted from"), entries("service_count"), required=True,
                          stacked=True, width=theme.NAME_WIDTH),
                ListField("applies", tr("For whom"), entries("population_flag"), stacked=True,
                          width=theme.DATE_WIDTH),
            ),
            [
                Column(tr("Service"), lambda row: row.name, None, strong=True),
                Column(tr("A year"), _times, 76, align="right"),
                Column(tr("Counted from"), lambda row: count_label(row.counts), 130),
                Column(tr("For whom"), _for_whom, 110),
            ],
            lambda v, old: ServiceItem(
                old.service if old else "", v["name"] or "", int(v["times"] or 0),
                v["counts"] or "manual", v["applies"] or "",
            ),
            lambda row: {
                "name": row.name, "times": row.times, "counts": row.counts,
                "applies": row.applies or None,
            },
        )  # fmt: skip
        money = [
            NumberField(payer, codes.label("package_payer", payer), unit=tr("yuan"), decimals=2,
                        hard=(0, 100_000))
            for payer in PAYERS
        ]  # fmt: skip
        self.form.add(
            TextField("name", tr("Name of the package"), required=True, limit=50),
            ChoiceField("category", tr("Kind"), entries("package_category"), required=True),
            *money,
            TextField("note", tr("Note"), limit=200),
        )
        self.price = label("", "strong")
        card = Card(tr("Package"))
        card.body.addWidget(self.form["name"])
        card.body.addWidget(self.form["category"])
        card.body.addWidget(self.services, 1)
        shares = QHBoxLayout()
        shares.setSpacing(theme.GAP_FIELD)
        for field in money:
            shares.addWidget(field)
            field.changed.connect(self._say_price)
        shares.addStretch(1)
        card.body.addLayout(shares)
        card.body.addWidget(self.form["note"])
        card.body.addWidget(self.price)
        return card

    # -- showing --------------------------------------------------------------------------------

    def open(self) -> None:
        """Everything anew; the first package is shown."""
        self.strip.clear()
        self._reload("")

    def _reload(self, code: str) -> None:
        def load(store: Any, actor: Any) -> tuple[Package, ...]:
            return load_packages(store, actor, retired=True)

        def show(found: tuple[Package, ...]) -> None:
            self.model.set_rows(found)
            at = next((n for n, each in enumerate(found) if each.code == code), 0)
            self.table.choose(at)
            self._fill(found[at])
            self.table.setFocus()

        self._controller.read(load, done=show, failed=self.strip.say_error)

    def begin(self) -> None:
        """An empty form for a new package."""
        self.package = None
        self.form.clear()
        self.services.set_rows(())
        self.form["category"].set_value("personalised")
        self._dress()
        self.form["name"].setFocus()

    def _fill(self, package: Package) -> None:
        self.package = package
        self.form.clear()
        self.services.set_rows(package.services)
        for key in ("name", "category", "note"):
            self.form[key].set_value(getattr(package, key) or None)
        for payer in PAYERS:
            self.form[payer].set_value(package.shares.get(payer, 0.0))
        self._dress()

    def _dress(self) -> None:
        may = self._context.may("administrator")
        for button in (self.save_button, self.new_button):
            button.setEnabled(may)
        self.retire_button.setVisible(may and self.package is not None and self.package.active)
        self.set_note(
            tr("Contracts that were signed keep the version they were signed with.")
            if may
            else tr("Only an administrator changes packages.")
        )
        self._say_price()

    def _shares(self) -> tuple[tuple[str, float], ...]:
        return tuple((payer, float(self.form[payer].value() or 0)) for payer in PAYERS)

    def _price(self) -> float:
        return round(sum(amount for _, amount in self._shares()), 2)

    def _say_price(self) -> None:
        self.price.setText(tr("Price: {price} yuan a year").format(price=f"{self._price():g}"))

    # -- saving ---------------------------------------------------------------------------------

    def _save(self) -> None:
        if not self.form.check():
            return
        v: dict[str, Any] = self.form.values()
        known = self.package
        new = PackageInput(
            name=v["name"] or "",
            category=v["category"] or "",
            services=tuple(self.services.rows),
            price=self._price(),
            payers=self._shares(),
            code=known.code if known else "",
            note=v["note"] or "",
        )
        self._controller.write(
            ("service_package",), save_package, new, known.id if known else "",
            done=self._saved, failed=self._refused,
        )  # fmt: skip

    def _retire(self) -> None:
        if self.package is not None:
            self._controller.write(
                ("service_package",), retire_package, self.package, done=self._saved,
                failed=self._refused,
            )  # fmt: skip

    def _saved(self, package: Package) -> None:
        self.strip.clear()
        self._context.notify(tr("Version {version} is saved.").format(version=package.version))
        self._reload(package.code)

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, InputError):
            self.strip.say_error(error)
            return
        problems = dict(error.problems)
        for key in [each for each in problems if each.startswith("services.")]:
            at = int(key.removeprefix("services."))
            text = tr("{who}: {what}").format(
                who=self.services.rows[at].name, what=problems.pop(key)
            )
            problems["services"] = text
            self.services.bring(at)
        if "payers" in problems:
            problems[PAYERS[0]] = problems.pop("payers")
        self.strip.say_problems(self.form.show_problems(problems))


def _state(row: Package) -> str:
    return tr("offered") if row.active else tr("given up")


def _times(row: ServiceItem) -> str:
    return str(row.times) if row.times else tr("on request")


def _for_whom(row: ServiceItem) -> str:
    return codes.label("population_flag", row.applies) if row.applies else tr("everybody")
