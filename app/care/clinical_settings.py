"""The clinical settings of an organisation: in force, saved as a new version, looked up.

The list is ``clinical_setting_list.ClinicalSettings``. Saving makes a new version, which goes
to the other PCs of the organisation; records keep the version of the rules they were made under
(``rule_version``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.care.clinical_setting_list import DEFAULTS, GROUPS, SETTINGS, ClinicalSettings
from app.care.parsing import clean_text
from app.care.scale_settings import problems_of_scales
from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models.actor import Actor
from app.models.clinical import ClinicalSettingsVersion
from app.models.store import Store

__all__ = [
    "DEFAULTS",
    "GROUPS",
    "SETTINGS",
    "ClinicalSettings",
    "SettingChange",
    "SettingsVersion",
    "clinical_settings",
    "keep_beside",
    "kept_beside",
    "load_clinical_settings",
    "problems_of_settings",
    "save_clinical_settings",
    "settings_history",
]

_REASON_LIMIT = 200


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting that a version changed, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """One line of the history."""

    version: int
    saved_at: datetime
    saved_by: str
    reason: str
    changes: tuple[SettingChange, ...]


def clinical_settings(session: Session) -> ClinicalSettings:
    """The settings in force at the organisation of this store; the defaults before any save."""
    row = _newest(session)
    return DEFAULTS if row is None else _read(row)


def load_clinical_settings(store: Store) -> ClinicalSettings:
    """The settings in force, for whoever has no transaction open."""
    with store.read() as session:
        return clinical_settings(session)


def save_clinical_settings(
    store: Store, actor: Actor, new: ClinicalSettings, reason: str
) -> ClinicalSettings:
    """Put a changed set in force as a new version; gives it back.

    ``new`` is made with ``dataclasses.replace`` from the version that was shown. Raises
    NotAllowed unless an administrator asks, InputError with a sentence a setting, also when
    nothing was changed or somebody has saved another version meanwhile.
    """
    if not actor.has_role("administrator"):
        raise NotAllowed(
            tr(
                "Only an administrator may change the clinical settings. Nothing was saved. "
                "Ask the administrator of your organisation."
            )
        )
    problems = problems_of_settings(new)
    text = clean_text(reason)
    if not text:
        problems["reason"] = tr("Write why the settings are changed.")
    elif len(text) > _REASON_LIMIT:
        problems["reason"] = tr("At most {count} characters fit here. Shorten the text.").format(
            count=_REASON_LIMIT
        )
    with store.write(actor) as session:
        row = _newest(session)
        standing = DEFAULTS if row is None else _read(row)
        # A version of what is kept beside, such as the limits of referrals, changes nothing here.
        if _changes(_seen(session, new), standing):
            raise InputError(
                tr(
                    "The settings were changed elsewhere in the meantime. Nothing was saved. "
                    "Open this page again and make your change on the newest version."
                )
            )
        if not problems and not _changes(standing, new):
            problems["reason"] = tr("No setting was changed.")
        if problems:
            raise InputError(problems)
        # What a newer program keeps beside ours stays as it is.
        kept = {} if row is None else dict(row.content)
        kept.update({name: each.plain(getattr(new, name)) for name, each in SETTINGS.items()})
        made = ClinicalSettingsVersion(
            version=standing.version + 1, content=kept, reason=text, actor_name=actor.name
        )
        session.add(made)
        session.flush()
        return replace(new, version=made.version, record_id=made.id)


def kept_beside(session: Session, name: str) -> Any:
    """What the version in force keeps under ``name`` beside the listed settings; None if nothing.

    For settings that are a table of their own, such as the laboratory's ranges: they travel and
    are versioned with the others.
    """
    row = _newest(session)
    return None if row is None else row.content.get(name)


def keep_beside(session: Session, actor: Actor, name: str, value: Any, reason: str) -> None:
    """Put a version in force that differs from the standing one in ``name`` alone.

    The caller has checked the role and the value; ``reason`` is what the history says.
    """
    assert name not in SETTINGS
    row = _newest(session)
    content = {} if row is None else dict(row.content)
    session.add(
        ClinicalSettingsVersion(
            version=1 if row is None else row.version + 1,
            content={**content, name: value},
            reason=reason,
            actor_name=actor.name,
        )
    )
    session.flush()


def problems_of_settings(new: ClinicalSettings) -> dict[str, str]:
    """What must be mended before a set can be saved: setting → plain sentence."""
    found = {
        name: problem
        for name, each in SETTINGS.items()
        if (problem := each.problem(getattr(new, name))) is not None
    }
    if not found:
        found.update(problems_of_scales(new))
    for sbp, dbp in (("target_sbp", "target_dbp"), ("target_sbp_older", "target_dbp_older")):
        if sbp not in found and dbp not in found and getattr(new, sbp) <= getattr(new, dbp):
            found[sbp] = tr("The systolic target must be above the diastolic one.")
    return found


def settings_history(store: Store, limit: int = 50) -> tuple[SettingsVersion, ...]:
    """The versions of this organisation, the newest first, each with what it changed."""
    with store.read() as session:
        rows = list(session.scalars(_versions(session).limit(limit + 1)))
        sets = [*map(_read, rows), DEFAULTS]
        return tuple(
            SettingsVersion(
                row.version,
                row.created_at,
                row.actor_name,
                row.reason,
                _changes(sets[place + 1], sets[place]),
            )
            for place, row in enumerate(rows[:limit])
        )


def _versions(session: Session) -> Select[ClinicalSettingsVersion]:
    table = ClinicalSettingsVersion
    return (
        select(table)
        .where(table.organisation_id == session.info["store"].organisation_id)
        .order_by(table.version.desc(), table.created_at.desc(), table.id.desc())
    )


def _newest(session: Session) -> ClinicalSettingsVersion | None:
    row: ClinicalSettingsVersion | None = session.scalar(_versions(session).limit(1))
    return row


def _seen(session: Session, new: ClinicalSettings) -> ClinicalSettings:
    """The version that ``new`` was made from."""
    row = session.get(ClinicalSettingsVersion, new.record_id) if new.record_id else None
    return DEFAULTS if row is None else _read(row)


def _read(row: ClinicalSettingsVersion) -> ClinicalSettings:
    known = {
        name: each.read(row.content[name]) for name, each in SETTINGS.items() if name in row.content
    }
    return ClinicalSettings(version=row.version, record_id=row.id, **known)


def _changes(before: ClinicalSettings, after: ClinicalSettings) -> tuple[SettingChange, ...]:
    return tuple(
        SettingChange(
            tr(each.label), each.text(getattr(before, name)), each.text(getattr(after, name))
        )
        for name, each in SETTINGS.items()
        if getattr(before, name) != getattr(after, name)
    )
