"""A process of the program that saves one record and says so: ``saver.py FOLDER NUMBER``.

The data key comes on standard input, in hex. After "saved" it goes on working until it is
killed: nothing after that line may be needed for the record to be there.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from app.care.basic_form import Answer, BasicForm, Contact, Disease
from app.care.residents import register
from app.models.actor import Actor
from app.models.store import open_store


def main() -> None:
    folder, number, organisation_id, staff_id = sys.argv[1:5]
    key = bytes.fromhex(sys.stdin.readline().strip())
    store = open_store(Path(folder), key, organisation_id)
    actor = Actor(staff_id, organisation_id, "王建国", frozenset({"doctor"}))
    form = BasicForm(
        name="断电" + chr(0x4E00 + int(number)),  # a name has no digits
        sex="1",
        birth_date=date(1950, 1, 1),
        id_type="none",
        no_id_reason="lost",
        residency="1",
        ethnicity="01",
        contacts=(Contact(name="家属", phone="13800001234", relation="20"),),
        drug_allergy=(Answer(code="1"),),
        past_disease=(Disease(code="1"),),
    )
    saved = register(store, actor, form)
    print("saved", saved.resident_id, flush=True)
    sys.stdin.read()  # waits for the kill


if __name__ == "__main__":
    main()
