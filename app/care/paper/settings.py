"""How this PC prints: how far the page is moved, what stands on the slips."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from app.care.paper.document import PAGE_MM, PageSize
from app.models.actor import Actor
from app.models.settings import get_setting, set_setting
from app.models.store import Store

SETTING = "printing"
FORMS_SETTING = "printing.forms"
MOST_SHIFT_MM = 20.0


@dataclass(frozen=True, slots=True)
class PrintSettings:
    """``shift_right``, ``shift_down``: mm by which everything is moved, for pre-printed paper and
    printers that feed aslant; negative to the left and up. ``whole_ids``: the choice of the last
    print, which the next one does not take over."""

    shift_right: float = 0.0
    shift_down: float = 0.0
    whole_ids: bool = False
    last_time: bool = True
    slips: str = "two"


def print_settings(store: Store) -> PrintSettings:
    """What was last chosen on this PC; keys of a newer program are passed over."""
    with store.read() as session:
        kept: Any = get_setting(session, SETTING, {})
    known = {each.name for each in fields(PrintSettings)}
    found = PrintSettings(**{name: value for name, value in kept.items() if name in known})
    return found


def save_print_settings(store: Store, actor: Actor, wanted: PrintSettings) -> None:
    """Keep the choices for the next print."""
    with store.write(actor) as session:
        set_setting(session, SETTING, asdict(wanted))


@dataclass(frozen=True, slots=True)
class FormSettings:
    """How this PC prints one form: its paper, mm by which it is moved, and whether the paper has
    the lines and headings already."""

    page: PageSize = "A4"
    shift_right: float = 0.0
    shift_down: float = 0.0
    preprinted: bool = False


def form_settings(store: Store, form: str) -> FormSettings:
    """What was last chosen for this form on this PC."""
    with store.read() as session:
        forms: Any = get_setting(session, FORMS_SETTING, {})
    kept = forms.get(form, {})
    known = {each.name for each in fields(FormSettings)}
    found = FormSettings(**{name: value for name, value in kept.items() if name in known})
    return found if found.page in PAGE_MM else FormSettings()


def save_form_settings(store: Store, actor: Actor, form: str, wanted: FormSettings) -> None:
    """Keep the choices for the next print of this form; other forms keep theirs."""
    with store.write(actor) as session:
        forms: Any = get_setting(session, FORMS_SETTING, {})
        set_setting(session, FORMS_SETTING, {**forms, form: asdict(wanted)})
