"""What the county prepared for a PC: ``township-care.ini``, laid beside the installer.

The installer copies it (and ``township-care.pem``, the certificate of the county's own authority)
into the program's folder; the first set-up proposes what stands in it. A text file with lines

    [organisation]
    id = df4726a4-…        of the county's directory, or instead:
    name = 某某镇卫生院      as in the directory, or a name of its own together with
    kind = TOWNSHIP_CENTER  (LEAD_HOSPITAL, TOWNSHIP_CENTER, CARE_INSTITUTION)

    [server]
    address = https://hospital.example:8443
    proxy = system          (or none, or http://proxy:3128)

Every line may be left out. It holds no secret: the one-time code of a PC is typed there.
"""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path

from app.errors import InputError
from app.i18n import tr

FILE, CERTIFICATE = "township-care.ini", "township-care.pem"
#: Another folder than the program's, for tests and for trying a file out.
PLACE = "TOWNSHIP_CARE_PRESET"
KINDS = ("LEAD_HOSPITAL", "TOWNSHIP_CENTER", "CARE_INSTITUTION")
_KNOWN = {"organisation": ("id", "name", "kind"), "server": ("address", "proxy")}
_LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class Preset:
    """What is proposed; None or empty where the file says nothing.

    ``kind``: one of ``KINDS``. ``certificate``: the file with the county's own authority.
    """

    organisation_id: str = ""
    organisation_name: str = ""
    kind: str = ""
    server: str = ""
    proxy: str = ""
    certificate: Path | None = None


def folder() -> Path | None:
    """Where a preset would lie; None for a program that runs from its sources."""
    from app.update.versions import home

    if os.environ.get(PLACE):
        return Path(os.environ[PLACE])
    place = home()
    return place.root if place else None


def load(where: Path | None = None) -> Preset:
    """The preset of this PC, an empty one where there is no file.

    Raises ``InputError`` where the file is no preset: then nothing of it is used.
    """
    where = where or folder()
    if where is None or not (where / FILE).is_file():
        return Preset()
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with (where / FILE).open("rb") as file:
            parser.read_string(_text(file.read(_LARGEST)))
    except (OSError, ValueError, configparser.Error) as error:
        raise _unusable(tr("it cannot be read")) from error
    for section in parser.sections():
        for name in parser[section]:
            if name not in _KNOWN.get(section, ()):
                raise _unusable(tr("nobody knows “{name}”").format(name=f"[{section}] {name}"))
    said = {
        (section, name): parser.get(section, name, fallback="").strip()
        for section, names in _KNOWN.items()
        for name in names
    }
    kind = said["organisation", "kind"].upper()
    if kind and kind not in KINDS:
        raise _unusable(tr("“{kind}” is no kind of organisation").format(kind=kind))
    certificate = where / CERTIFICATE
    return Preset(
        organisation_id=said["organisation", "id"],
        organisation_name=said["organisation", "name"],
        kind=kind,
        server=said["server", "address"],
        proxy=said["server", "proxy"],
        certificate=certificate if certificate.is_file() else None,
    )


def _text(content: bytes) -> str:
    """Notepad of a Chinese Windows writes one of three encodings."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _unusable(reason: str) -> InputError:
    return InputError(
        tr(
            "The file {file} that was prepared for this PC cannot be used: {reason}. Nothing was "
            "set by it. Choose by hand, and tell whoever prepared the installation."
        ).format(file=FILE, reason=reason)
    )
