"""The county's directory of organisations: read from a file, shown as Organization resources.

The file is the county's; devices read the directory and never write it. It is read at every
start, so that a changed telephone number is a changed line in the file and a restart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app.errors import InputError, StoreFault
from app.i18n import tr
from app.server.database import Database
from app.server.prepare import ID, ORGANISATION_TAG, prepare
from app.server.storing import Put, put_all
from app.server.tables import organisation
from app.server.wire import Json

TYPE_SYSTEM = "urn:township-care:organisation-type"
FIELD_EXTENSION = "urn:township-care:organisation-"
_SAMPLE_TAG = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
#: Fields without a home in the FHIR resource travel as extensions, text as it stands.
_EXTENDED = ("consortium_id", "region_code", "pinyin_initials")


def load_directory(database: Database, path: Path) -> int:
    """Bring the server's directory up to the file; how many organisations it has.

    The file is JSON: ``{"organisations": [{"id", "name", "type", "short_name",
    "consortium_id", "lead_id", "region_code", "green_channel_phone", …}], "sample": bool}``.
    An organisation that is no longer in the file stays: its records still name it.
    Raises StoreFault if the file cannot be read, InputError if it is not a directory.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise StoreFault(tr("The directory of organisations cannot be read.")) from error
    except ValueError as error:
        raise InputError(tr("The directory of organisations is not a JSON file.")) from error
    entries = document.get("organisations") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not all(_sound(entry) for entry in entries):
        raise InputError(
            tr("The directory of organisations lacks the id, name or type of an organisation.")
        )
    if len({entry["id"] for entry in entries}) != len(entries):
        raise InputError(tr("The directory of organisations holds an id twice."))
    sample = bool(document.get("sample"))
    now = database.now()
    with database.write() as connection:
        for entry in entries:
            _keep(connection, entry)
            resource = to_resource(entry, sample=sample)
            put = Put(prepare(resource, "Organization", entry["id"]))
            put_all(connection, now, entry["id"], [put], is_directory=True)
    return len(entries)


def to_resource(entry: Json, *, sample: bool) -> Json:
    """The Organization resource of a directory entry."""
    tags = [{"system": ORGANISATION_TAG, "code": entry["id"]}]
    if sample:
        tags.append(_SAMPLE_TAG)
    resource: Json = {
        "resourceType": "Organization",
        "id": entry["id"],
        "meta": {"tag": tags},
        "extension": [
            {"url": FIELD_EXTENSION + name.replace("_", "-"), "valueString": entry[name]}
            for name in _EXTENDED
            if entry.get(name)
        ],
        "active": entry.get("active", True),
        "type": [{"coding": [{"system": TYPE_SYSTEM, "code": entry["type"]}]}],
        "name": entry["name"],
    }
    if not resource["extension"]:
        del resource["extension"]
    if entry.get("short_name"):
        resource["alias"] = [entry["short_name"]]
    if entry.get("green_channel_phone"):
        resource["telecom"] = [
            {"system": "phone", "value": entry["green_channel_phone"], "use": "work"}
        ]
    lead = entry.get("lead_id")
    if lead and lead != entry["id"]:
        resource["partOf"] = {"reference": f"Organization/{lead}"}
    return resource


def _sound(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) and entry[name] for name in ("id", "name", "type"))
        and ID.match(entry["id"]) is not None
    )


def _keep(connection: Connection, entry: Json) -> None:
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
    known = connection.scalar(select(organisation.c.entry).where(organisation.c.id == entry["id"]))
    if known is None:
        connection.execute(insert(organisation).values(id=entry["id"], entry=text))
    elif known != text:
        connection.execute(
            update(organisation).where(organisation.c.id == entry["id"]).values(entry=text)
        )
