"""The rooms of the left column: name, title, icon, and where their class is.

A room's class is imported and built on the first visit.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from app.i18n import N_
from app.ui.context import UiContext


@dataclass(frozen=True, slots=True)
class RoomPlace:
    """One room. ``title`` is to be said with ``tr``; ``place`` is ``module:Class``.

    ``under``: the room has no line of its own in the left column; that of ``under`` is marked.
    """

    name: str
    title: str
    icon: str
    place: str
    under: str = ""

    def build(self, context: UiContext, parent: QWidget | None = None) -> QWidget:
        """``parent``: where the room will stand. One that is built elsewhere is dressed by the
        style sheet again, with all its parts, when it comes there."""
        module, _, name = self.place.partition(":")
        room: QWidget = getattr(importlib.import_module(module), name)(context, parent)
        return room


ROOMS: tuple[RoomPlace, ...] = (
    RoomPlace("today", N_("Today"), "calendar-check-line", "app.ui.today.view:TodayRoom"),
    RoomPlace("residents", N_("Residents"), "group-line", "app.ui.residents.view:ResidentsRoom"),
    RoomPlace("chronic", N_("Chronic care"), "heart-pulse-line", "app.ui.chronic.view:ChronicRoom"),
    RoomPlace("rehab", N_("Rehab care"), "walk-line", "app.ui.rehab.view:RehabRoom"),
    RoomPlace(
        "referrals", N_("Referrals"), "arrow-left-right-line", "app.ui.referrals.view:ReferralsRoom"
    ),
    RoomPlace(
        "contracts", N_("Contracts"), "quill-pen-line", "app.ui.contracts.view:ContractsRoom"
    ),
    RoomPlace("reports", N_("Reports"), "bar-chart-2-line", "app.ui.reports.view:ReportsRoom"),
    RoomPlace("sync", N_("Sync"), "refresh-line", "app.ui.sync.view:SyncRoom"),
    RoomPlace("settings", N_("Settings"), "settings-3-line", "app.ui.settings.view:SettingsRoom"),
    RoomPlace(
        "check_ups",
        N_("Health checks"),
        "file-edit-line",
        "app.ui.health_check.view:CheckUpRoom",
        under="residents",
    ),
    RoomPlace(
        "assessments",
        N_("Assessments"),
        "clipboard-line",
        "app.ui.assessments.view:AssessmentsRoom",
        under="residents",
    ),
    RoomPlace(
        "outreach",
        N_("Outreach"),
        "question-answer-line",
        "app.ui.outreach.view:OutreachRoom",
        under="referrals",
    ),
)
