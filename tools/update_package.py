"""Makes, signs and shows update packages (``docs/windows.md``).

``python -m tools.update_package key KEY.pem`` makes a private key, which stays outside the
project, and lists its public half in ``resources/update_keys.json``; ``make FOLDER`` packs a
program folder and signs it; ``show FILE`` checks one. ``TOWNSHIP_CARE_KEY_PASSWORD`` protects
the private key's file.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app import __version__
from app.errors import TownshipCareError
from app.update import package, versions

ROOT = Path(__file__).resolve().parents[1]
KEYS = ROOT / "resources" / "update_keys.json"
USUAL_KEY = Path.home() / ".config" / "township-care" / "update-key.pem"
#: One time for every file: the same folder gives the same package.
_TIME = (2026, 1, 1, 0, 0, 0)
#: What a program folder holds that is no part of the program.
_LEFT_OUT = (
    "versions", "parts.previous", "uninstall.exe", "township-care.ini", "township-care.pem"
)  # fmt: skip


def make_key(path: Path, keys: Path) -> bytes:
    """A new private key in a file that only its owner reads; its public half into ``keys``."""
    if path.resolve().is_relative_to(ROOT):
        raise SystemExit("The private key must lie outside the project.")
    private = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, _protection()
            )
        )
    public = private.public_key().public_bytes_raw()
    listed = json.loads(keys.read_text(encoding="utf-8")) if keys.exists() else {"keys": []}
    listed["keys"].append({"name": path.stem, "key": base64.b64encode(public).decode("ascii")})
    keys.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return public


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key of a file."""
    password = os.environ.get("TOWNSHIP_CARE_KEY_PASSWORD", "").encode() or None
    loaded = serialization.load_pem_private_key(path.read_bytes(), password)
    if not isinstance(loaded, Ed25519PrivateKey):
        raise SystemExit("This is no Ed25519 key.")
    return loaded


def make(
    folder: Path,
    target: Path,
    key: Ed25519PrivateKey,
    version: str = __version__,
    platform: str = "",
    notes: str = "",
) -> package.Manifest:
    """Pack a program folder and sign it."""
    platform = platform or platform_of(folder)
    with TemporaryFile() as archive:
        files, unpacked = _pack(folder, archive)
        return seal(archive, target, key, version, platform, files, unpacked, notes)


def platform_of(folder: Path) -> str:
    """The kind of machine that a program folder is for."""
    windows = (folder / "TownshipCare.exe").is_file()
    return "win-amd64" if windows else versions.platform_name()


def seal(
    archive: BinaryIO,
    target: Path,
    key: Ed25519PrivateKey,
    version: str,
    platform: str,
    files: int,
    unpacked: int,
    notes: str = "",
) -> package.Manifest:
    """Write the package around an archive: the manifest, its signature, the archive."""
    package.version_key(version)
    digest, size = hashlib.sha256(), archive.seek(0, os.SEEK_END)
    archive.seek(0)
    while piece := archive.read(1 << 20):
        digest.update(piece)
    made = package.Manifest(version, platform, size, digest.hexdigest(), unpacked, files, notes)
    facts = {name: getattr(made, name) for name in package.Manifest.__slots__}
    text = json.dumps(
        {"product": package.PRODUCT, "format": 1, **facts}, ensure_ascii=False
    ).encode()
    head = package.MAGIC + len(text).to_bytes(4, "big") + text
    archive.seek(0)
    with target.open("wb") as out:
        out.write(head + key.sign(head))
        while piece := archive.read(1 << 20):
            out.write(piece)
    return made


def _pack(folder: Path, archive: BinaryIO) -> tuple[int, int]:
    files = unpacked = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_dir() or name.split("/")[0] in _LEFT_OUT or "__pycache__" in path.parts:
                continue
            if not package.safe_name(name):
                raise SystemExit(f"This file name cannot travel: {name}")
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            content = path.read_bytes()  # a link becomes the file that it leads to
            made.writestr(entry, content)
            files += 1
            unpacked += len(content)
    return files, unpacked


def _protection() -> serialization.KeySerializationEncryption:
    password = os.environ.get("TOWNSHIP_CARE_KEY_PASSWORD", "").encode()
    if password:
        return serialization.BestAvailableEncryption(password)
    return serialization.NoEncryption()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    one = commands.add_parser("key", help="make a private key and list its public half")
    one.add_argument("path", type=Path, nargs="?", default=USUAL_KEY)
    one.add_argument("--keys", type=Path, default=KEYS)
    one = commands.add_parser("make", help="pack and sign a program folder")
    one.add_argument("folder", type=Path)
    one.add_argument(
        "out", type=Path, nargs="?", help="default: TownshipCare-VERSION-MACHINE.tcupdate beside it"
    )
    one.add_argument("--key", type=Path, default=USUAL_KEY)
    one.add_argument("--version", default=__version__)
    one.add_argument("--platform", default="")
    one.add_argument("--keys", type=Path, default=KEYS, help="where the public keys are listed")
    one.add_argument("--notes", default="", help="what is new, in one plain sentence")
    one = commands.add_parser("show", help="check a package and say what it is")
    one.add_argument("path", type=Path)
    one.add_argument("--keys", type=Path, default=KEYS)
    options = parser.parse_args(arguments)
    try:
        if options.command == "key":
            make_key(options.path, options.keys)
            print(f"private key: {options.path} (keep it, and a copy of it, safe)")
            print(f"public key added to {options.keys}")
            return 0
        if options.command == "make":
            machine = options.platform or platform_of(options.folder)
            name = f"TownshipCare-{options.version}-{machine}{package.SUFFIX}"
            options.path = options.out or options.folder.resolve().parent / name
            make(
                options.folder,
                options.path,
                load_key(options.key),
                options.version,
                machine,
                options.notes,
            )
        found = package.verify(options.path, package.trusted_keys(options.keys))
    except (TownshipCareError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{options.path.name}: version {found.version}, {found.platform}, {found.files} files, "
        f"{found.size} bytes, {found.unpacked} unpacked"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
