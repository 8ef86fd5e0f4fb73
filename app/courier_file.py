"""The container of a courier file: chunks, each signed by the sender and encrypted to the receiver.

A file is text: one compact JWE (RFC 7516, ECDH-ES+A256KW with A256GCM) a line. Each holds one
compact JWS (RFC 7515, ES384) over a head and a packed body. The head names sender, receiver,
file, counter and the chunk's number, and carries the SHA-256 of the line before; the last
chunk says that it is the last. So a chunk that is missing, changed, doubled, moved or taken
from another file is noticed, and only the receiver can read any of it. JOSE's own ``zip`` is
not used: bodies are gzip and unpacked within bounds.

Both ends use this module. ``joserfc`` is loaded when a file is made or read, not before.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from app.courier_refusals import (
    CourierRefused,
    drive_fault,
    misaddressed,
    newer_program,
    not_courier,
    tampered,
    too_large,
    truncated,
)
from app.keys import ENCRYPTION_ALGORITHM, SIGNING_ALGORITHM, Jwk, KeyPairs

FORMAT = 1
TYPE = "township-care-courier"
REQUEST, REPLY, SEED = "request", "reply", "seed"

#: Bounds on what a stranger's file may make us hold: a line, an unpacked body, a head.
MOST_LINE = 12 * 1024 * 1024
MOST_BODY = 16 * 1024 * 1024
MOST_HEAD = 4096
MOST_CHUNKS = 200_000
_CONTENT = "A256GCM"
_ALGORITHMS = [ENCRYPTION_ALGORITHM, _CONTENT]
_GZIP = 16 + zlib.MAX_WBITS

Head = dict[str, Any]
#: A head and the text that goes with it, as it stands on the wire.
Item = tuple[dict[str, Any], bytes]


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk that was decrypted and whose signature is good; ``body`` is still packed."""

    head: Head
    packed: bytes
    line_digest: str

    def items(self) -> Iterator[Item]:
        """What it holds. Raises CourierRefused where it is no sound content."""
        return unpack_items(unpack(self.packed))


@dataclass(frozen=True, slots=True)
class Checked:
    """A whole file that is sound: the first head, what it opens with, and its digest."""

    head: Head
    cover: dict[str, Any]
    digest: str
    chunks: int
    size: int

    def demand_same(self, chunk: Chunk) -> None:
        """Refuse a chunk of a file that took this one's place between two readings."""
        names = ("file", "from", "line", "counter")
        if any(chunk.head.get(name) != self.head.get(name) for name in names):
            raise tampered()


#: Gives the sender's public signing key for the first chunk's head and (unverified) items.
FindKey = Callable[[Head, Callable[[], Iterator[Item]]], Jwk]


class Sealer:
    """Makes the lines of one file, in order. ``number`` and ``before`` go on with a begun file."""

    def __init__(
        self,
        signing: Jwk,
        receiver: Jwk,
        head: Head,
        *,
        number: int = 0,
        before: str = "",
    ) -> None:
        from joserfc.jwk import ECKey

        self.number = number
        self.before = before
        self._signing = ECKey.import_key(dict(signing))
        self._receiver = ECKey.import_key(dict(receiver))
        self._kids = signing["kid"], receiver["kid"]
        self._head = {"v": FORMAT, **head, "to": receiver["kid"]}

    def seal(self, items: Iterable[Item], *, last: bool = False) -> str:
        """The next line (without its end)."""
        from joserfc import jwe, jws

        head = {**self._head, "number": self.number, "before": self.before}
        if last:
            head["total"] = self.number + 1
        payload = _dump(head) + b"\n" + pack(pack_items(items))
        signed = jws.serialize_compact(
            {"alg": SIGNING_ALGORITHM, "kid": self._kids[0]},
            payload,
            self._signing,
            registry=_registries()[0],
        )
        line = jwe.encrypt_compact(
            {
                "alg": ENCRYPTION_ALGORITHM,
                "enc": _CONTENT,
                "typ": TYPE,
                "kid": self._kids[1],
            },
            signed,
            self._receiver,
            registry=_registries()[1],
        )
        self.number += 1
        self.before = digest_of(line.encode("ascii"))
        return line


def receiver_of(path: Path) -> str:
    """The id of the key that a file is encrypted to; cheap, and proves nothing."""
    try:
        with path.open("rb") as source:
            line = source.readline(MOST_LINE + 1)
    except OSError as error:
        raise drive_fault(error) from error
    return str(_outer(line)["kid"])


def read_chunks(path: Path, keys: KeyPairs, find_key: FindKey) -> Iterator[Chunk]:
    """Every chunk of a file, each proven before it is handed out.

    Raises CourierRefused at the first that is not sound, and at the end where the last chunk is
    missing; DriveFault where the drive gives out. The caller decides what an error means for
    what it has done so far: ``check`` reads the whole file before anything is changed.
    """
    try:
        with path.open("rb") as source:
            yield from _Reader(keys, find_key).read(source)
    except OSError as error:
        raise drive_fault(error) from error


def check(
    path: Path,
    keys: KeyPairs,
    find_key: FindKey,
    progress: Callable[[int, int], None] = lambda done, of: None,
    look: Callable[[Chunk], None] = lambda chunk: None,
) -> Checked:
    """Read a whole file and prove every chunk of it; ``look`` may refuse a chunk's content.

    ``progress`` gets bytes done and in all.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise drive_fault(error) from error
    first: Head | None = None
    cover: dict[str, Any] = {}
    digest, count, done = "", 0, 0
    for chunk in read_chunks(path, keys, find_key):
        if first is None:
            first = chunk.head
            cover = next(chunk.items(), ({}, b""))[0]
        look(chunk)
        digest, count = chunk.line_digest, count + 1
        done += len(chunk.packed) * 16 // 9
        progress(min(done, size), size)
    if first is None:
        raise not_courier()
    progress(size, size)
    return Checked(first, cover, digest, count, size)


class _Reader:
    def __init__(self, keys: KeyPairs, find_key: FindKey) -> None:
        from joserfc.jwk import ECKey

        self._own = keys.encryption["kid"]
        self._private = ECKey.import_key(dict(keys.encryption))
        self._find_key = find_key
        self._sender: Any = None
        self._first: Head | None = None
        self._before = ""
        self._number = 0
        self._ended = False

    def read(self, source: BinaryIO) -> Iterator[Chunk]:
        while line := source.readline(MOST_LINE + 1):
            if self._ended:
                # Something stands behind the end.
                raise tampered()
            whole = line.endswith(b"\n")
            if not whole and len(line) > MOST_LINE:
                raise too_large()
            if self._number >= MOST_CHUNKS:
                raise too_large()
            try:
                yield self._open(line.removesuffix(b"\n"))
            except CourierRefused as refused:
                begun = refused.why == "not_courier" and line.startswith(b"eyJ")
                if not whole and (begun or refused.why == "tampered"):
                    # The writer ends every line: this one was cut off.
                    raise truncated() from refused
                raise
            if not whole:
                raise truncated()
        if self._first is None:
            raise not_courier()
        if not self._ended:
            raise truncated()

    def _open(self, line: bytes) -> Chunk:
        from joserfc import jwe, jws
        from joserfc.errors import JoseError

        try:
            outer = _outer(line)
        except CourierRefused:
            raise tampered() if self._first is not None else not_courier() from None
        if not all(map(_canonical, line.split(b"."))):
            raise tampered()
        if outer["kid"] != self._own:
            if self._first is not None:
                raise tampered()
            raise misaddressed()
        try:
            signed = jwe.decrypt_compact(line, self._private, registry=_registries()[1]).plaintext
            if signed is None:
                raise ValueError
            if self._sender is None:
                draft = jws.extract_compact(signed, registry=_registries()[0])
                head, packed = _split(draft.payload)
                self._check_head(head)
                self._sender = _key(self._find_key(head, lambda: unpack_items(unpack(packed))))
            payload = jws.deserialize_compact(
                signed, self._sender, registry=_registries()[0]
            ).payload
            head, packed = _split(payload)
        except CourierRefused:
            raise
        except (JoseError, ValueError, TypeError, LookupError, binascii.Error) as error:
            raise tampered() from error
        self._check_head(head)
        if self._first is None:
            self._first = head
        self._before = digest_of(line)
        self._number += 1
        self._ended = "total" in head
        return Chunk(head, packed, self._before)

    def _check_head(self, head: Head) -> None:
        if isinstance(head.get("v"), int) and head["v"] > FORMAT:
            raise newer_program()
        if head.get("to") != self._own:
            # Signed for somebody else and packed anew.
            raise tampered()
        expected = {"v": FORMAT, "number": self._number, "before": self._before}
        if self._first is not None:
            expected |= {k: v for k, v in self._first.items() if k not in ("number", "before")}
        if "total" in head:
            expected["total"] = self._number + 1
        if {name: head.get(name) for name in expected} != expected:
            raise tampered()


def _outer(line: bytes) -> Head:
    """The head of a JWE that stands open; CourierRefused where it is none of ours."""
    first, dot, _ = line.partition(b".")
    try:
        if not dot or len(first) > MOST_HEAD:
            raise ValueError
        head = json.loads(base64.urlsafe_b64decode(first + b"=" * (-len(first) % 4)))
        if not isinstance(head, dict) or head.get("typ") != TYPE:
            raise ValueError
        if head.get("alg") != ENCRYPTION_ALGORITHM or head.get("enc") != _CONTENT or "zip" in head:
            raise ValueError
        if not isinstance(head.get("kid"), str):
            raise ValueError
    except (ValueError, RecursionError):
        raise not_courier() from None
    return head


def _canonical(part: bytes) -> bool:
    """Whether a segment is written in its one base64url form (its last bits may be free)."""
    tail = part[-(len(part) % 4 or 4) :]
    try:
        plain = base64.urlsafe_b64decode(tail + b"=" * (-len(tail) % 4))
    except ValueError:
        return False
    return base64.urlsafe_b64encode(plain).rstrip(b"=") == tail


def _split(payload: bytes) -> tuple[Head, bytes]:
    text, _, packed = payload.partition(b"\n")
    if len(text) > MOST_HEAD:
        raise ValueError
    head = json.loads(text)
    if not isinstance(head, dict):
        raise ValueError
    return head, packed


def _key(jwk: Jwk) -> Any:
    from joserfc.jwk import ECKey

    return ECKey.import_key(dict(jwk))


@cache
def _registries() -> tuple[Any, Any]:
    """joserfc's rules with room for our chunks, and with nothing allowed but what we use."""
    from joserfc.jwe import JWERegistry
    from joserfc.jws import JWSRegistry

    signing = JWSRegistry(algorithms=[SIGNING_ALGORITHM])
    signing.max_payload_length = MOST_LINE
    encryption = JWERegistry(algorithms=_ALGORITHMS)
    encryption.max_ciphertext_length = MOST_LINE
    return signing, encryption


def digest_of(line: bytes) -> str:
    """What the next chunk says of this one."""
    return hashlib.sha256(line).hexdigest()


def pack(plain: bytes) -> bytes:
    """gzip without a time in it: the same content gives the same bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return packer.compress(plain) + packer.flush()


def unpack(packed: bytes) -> bytes:
    """The body, at most ``MOST_BODY`` of it however small it came."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(packed, MOST_BODY + 1)
    except zlib.error:
        raise tampered() from None
    if len(plain) > MOST_BODY:
        raise too_large()
    if not unpacker.eof or unpacker.unused_data:
        raise tampered()
    return plain


def pack_items(items: Iterable[Item]) -> bytes:
    """One item a line; compact JSON holds neither tabs nor line ends of its own."""
    return b"".join(_dump(head) + (b"\t" + text if text else b"") + b"\n" for head, text in items)


def unpack_items(plain: bytes) -> Iterator[Item]:
    """What ``pack_items`` made; CourierRefused for anything else."""
    for line in plain.split(b"\n"):
        if not line:
            continue
        first, _, text = line.partition(b"\t")
        try:
            head = json.loads(first)
        except (ValueError, RecursionError):
            raise tampered() from None
        if not isinstance(head, dict):
            raise tampered()
        yield head, text


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
