"""The update package: one signed file that holds a whole program folder.

Layout: ``MAGIC``, the length of the manifest (four bytes, big-endian), the manifest (JSON), an
Ed25519 signature of 64 bytes over all of that, then a ZIP archive of the program folder. The
manifest names the archive's length and SHA-256, so that one signature covers every byte.
Nothing of a file is believed, listed or unpacked before all of it was checked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from app.i18n import tr
from app.update.refusals import UpdateRefused, altered, cut, unreadable

SUFFIX = ".tcupdate"
MAGIC = b"TOWNSHIP-CARE-UPDATE-1\n"
PRODUCT = "township-care"
SIGNATURE = 64
LARGEST_MANIFEST = 65_536
LARGEST_HEAD = len(MAGIC) + 4 + LARGEST_MANIFEST + SIGNATURE
#: Of a package, of all that it unpacks to, and of files in it. (The program: 130 MB, 600 files.)
LARGEST, LARGEST_UNPACKED, MOST_FILES = 400_000_000, 1_000_000_000, 20_000
_PIECE = 1024 * 1024
_VERSION = re.compile(r"(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\Z", re.ASCII)
_WINDOWS_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z", re.IGNORECASE)
_FORBIDDEN = set('<>:"|?*\\') | {chr(code) for code in range(32)}

#: Told how many bytes of how many are done; may raise ``Stopped``, which changes nothing.
Progress = Callable[[int, int], None]


class Stopped(Exception):
    """The person does not want to wait, or the program ends. Raised by a ``Progress``."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says of itself; true only once its signature was checked.

    ``size`` and ``sha256``: of the archive; ``unpacked``: bytes of all files together.
    """

    version: str
    platform: str
    size: int
    sha256: str
    unpacked: int
    files: int
    notes: str = ""


def version_key(text: str) -> tuple[int, int, int]:
    """``0.10.2`` as numbers that can be compared. ``ValueError`` for anything else."""
    found = _VERSION.match(text)
    if found is None:
        raise ValueError("not a version")
    first, second, third = (int(part) for part in found.groups())
    return first, second, third


def trusted_keys(path: Path) -> tuple[bytes, ...]:
    """The public keys in the program (``resources/update_keys.json``), 32 bytes each."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["keys"]
        keys = tuple(base64.b64decode(one["key"], validate=True) for one in listed)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(key for key in keys if len(key) == 32)


def read_manifest(path: Path, keys: Sequence[bytes]) -> Manifest:
    """The signed manifest of a package; whether the archive behind it is whole is not checked.

    Raises ``UpdateRefused``.
    """
    with _reading(path) as file:
        return _head(file, keys)[0]


def verify(
    path: Path, keys: Sequence[bytes], progress: Progress = lambda done, of: None
) -> Manifest:
    """Check all of a package: signature, length, hash, and the names and sizes in its archive.

    Raises ``UpdateRefused``; nothing is unpacked.
    """
    with _reading(path) as file:
        manifest, start = _head(file, keys)
        whole = os.fstat(file.fileno()).st_size
        if whole != start + manifest.size:
            raise cut() if whole < start + manifest.size else altered()
        digest, done = hashlib.sha256(), 0
        try:
            while piece := file.read(_PIECE):
                digest.update(piece)
                done += len(piece)
                progress(done, manifest.size)
        except OSError as error:
            raise unreadable() from error
        if digest.hexdigest() != manifest.sha256:
            raise altered()
        _entries(file, start, manifest)
        return manifest


def unpack(
    path: Path, manifest: Manifest, folder: Path, progress: Progress = lambda done, of: None
) -> None:
    """Write the files of a package that ``verify`` has passed into a new, empty folder.

    Everything is forced onto the disk. Raises ``UpdateRefused`` where the archive does not hold
    what it says, ``OSError`` where the disk does not take it.
    """
    with _reading(path) as file:
        file.seek(0, os.SEEK_END)
        start = file.tell() - manifest.size
        archive, entries = _entries(file, start, manifest)
        done = 0
        folders = {folder}
        try:
            for entry in entries:
                target = folder.joinpath(*entry.filename.split("/"))
                target.parent.mkdir(parents=True, exist_ok=True)
                folders.update(p for p in target.parents if p.is_relative_to(folder))
                with archive.open(entry) as source, target.open("xb") as out:
                    left = entry.file_size
                    while piece := source.read(min(_PIECE, left + 1)):
                        left -= len(piece)
                        if left < 0:
                            raise altered()
                        out.write(piece)
                        done += len(piece)
                        progress(done, manifest.unpacked)
                    if left:
                        raise altered()
                    out.flush()
                    os.fsync(out.fileno())
                if entry.external_attr >> 16 & 0o100:
                    target.chmod(0o755)
        except (zipfile.BadZipFile, EOFError) as error:
            raise altered() from error
        for each in sorted(folders, reverse=True):
            sync_folder(each)


def sync_folder(folder: Path) -> None:
    """Make names in a folder safe (Windows opens no folders; its renames are written through)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # some file systems cannot do that for a folder
    finally:
        os.close(handle)


def check_newer(
    manifest: Manifest, running: str, platform: str, others: Iterable[str] = ()
) -> None:
    """Raise ``UpdateRefused`` for another kind of machine, and for what is not newer.

    ``others``: versions that lie here beside the running one; the same one again is taken.
    """
    if manifest.platform != platform:
        raise UpdateRefused(
            "platform",
            tr(
                "This update is for another kind of computer ({theirs}; this one is {ours}). "
                "Nothing was changed. Get the update for this kind of computer."
            ).format(theirs=manifest.platform, ours=platform),
        )
    theirs = version_key(manifest.version)
    newer = [one for one in others if version_key(one) > theirs]
    if theirs <= version_key(running) or newer:
        raise UpdateRefused(
            "older",
            tr(
                "This update is version {theirs}; version {ours} is already here. An update never "
                "goes back. Nothing was changed, and nothing needs to be done."
            ).format(theirs=manifest.version, ours=max([running, *newer], key=version_key)),
        )


# -- reading ----------------------------------------------------------------------------------


class _reading:
    """A package open for reading; what the drive does not give back is told in words."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> BinaryIO:
        try:
            self._file = self._path.open("rb")
        except OSError as error:
            raise unreadable() from error
        return self._file

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._file.close()


def _head(file: BinaryIO, keys: Sequence[bytes]) -> tuple[Manifest, int]:
    try:
        magic = file.read(len(MAGIC))
        raw_length = file.read(4)
        if magic != MAGIC:
            raise UpdateRefused(
                "kind",
                tr(
                    "This file is no update of this program. Nothing was changed. Choose the file "
                    "that ends in .tcupdate."
                ),
            )
        length = int.from_bytes(raw_length, "big")
        if len(raw_length) < 4:
            raise cut()
        if length > LARGEST_MANIFEST:
            raise altered()
        text = file.read(length)
        signature = file.read(SIGNATURE)
    except OSError as error:
        raise unreadable() from error
    if len(text) < length or len(signature) < SIGNATURE:
        raise cut()
    if not keys:
        raise UpdateRefused(
            "no key",
            tr(
                "This program was built without the key that updates are checked with. Nothing "
                "was changed. Use the installer instead."
            ),
        )
    if not _signed(magic + raw_length + text, signature, keys):
        raise UpdateRefused(
            "signature",
            tr(
                "This update is not signed by the makers of this program, or it was altered. "
                "Nothing was changed. Get it again from the county hospital."
            ),
        )
    return _manifest(text), len(MAGIC) + 4 + length + SIGNATURE


def _signed(content: bytes, signature: bytes, keys: Sequence[bytes]) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def _manifest(text: bytes) -> Manifest:
    """A signed manifest; a newer kind of package is told as such."""
    try:
        facts: dict[str, Any] = json.loads(text)
        if facts["product"] != PRODUCT or facts["format"] != 1:
            raise ValueError("of another program")
        made = Manifest(
            **{name: facts[name] for name in Manifest.__slots__ if name in facts},
        )
        version_key(made.version)
        numbers = (made.size, made.unpacked, made.files)
        if not all(isinstance(one, int) and one >= 0 for one in numbers):
            raise ValueError("a number was expected")
        if not all(isinstance(one, str) for one in (made.platform, made.sha256, made.notes)):
            raise ValueError("a text was expected")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UpdateRefused(
            "format",
            tr(
                "This update is of a kind that this version of the program does not know. Nothing "
                "was changed. Use the installer of the new version."
            ),
        ) from error
    if made.size > LARGEST or made.unpacked > LARGEST_UNPACKED or made.files > MOST_FILES:
        raise altered()
    return made


def _entries(
    file: BinaryIO, start: int, manifest: Manifest
) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """The files of the archive, every name and size checked before the first is written.

    The signature vouches for its maker; this vouches for the maker's mistakes.
    """
    try:
        archive = zipfile.ZipFile(_Part(file, start, manifest.size))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise altered() from error
    entries = archive.infolist()
    if len(entries) != manifest.files or len(entries) > MOST_FILES:
        raise altered()
    seen: set[str] = set()
    total = 0
    for entry in entries:
        name = entry.filename
        mode = entry.external_attr >> 16
        if (
            not safe_name(name)
            or name.casefold() in seen
            or entry.flag_bits & 1
            or (mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode))
            or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        ):
            raise altered()
        seen.add(name.casefold())
        total += entry.file_size
    if total != manifest.unpacked:
        raise altered()
    # No file may stand where another one's folder is.
    if any(parent in seen for name in seen for parent in _parents(name)):
        raise altered()
    return archive, entries


def safe_name(name: str) -> bool:
    """Whether a name inside an archive stays inside, on Windows and on Linux."""
    if not name or len(name) > 240 or name != name.strip() or not _FORBIDDEN.isdisjoint(name):
        return False
    return all(
        part not in ("", ".", "..")
        and not part.endswith((".", " "))
        and not _WINDOWS_NAMES.match(part)
        for part in name.split("/")
    )


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


class _Part:
    """The archive inside the package, as a file of its own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        self._file.seek(self._start + self._at)
        piece = self._file.read(left if size < 0 else min(size, left))
        self._at += len(piece)
        return piece

    def close(self) -> None:
        """The package is closed by whoever opened it."""
