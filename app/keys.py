"""Key pairs of a device or server: one to sign with (ES384), one to encrypt to (ECDH-ES).

Both are elliptic-curve keys on P-384 in the form of RFC 7517 (JWK); a key's id is its
RFC 7638 thumbprint, so that it cannot name another key. Both ends of the wire use this
module; ``joserfc`` is loaded when a key is made or read, not before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

Jwk = dict[str, Any]

CURVE = "P-384"
SIGNING_ALGORITHM = "ES384"
ENCRYPTION_ALGORITHM = "ECDH-ES+A256KW"
_USES = {"sig": SIGNING_ALGORITHM, "enc": ENCRYPTION_ALGORITHM}
_MOST_KEYS = 10
_PUBLIC = ("kty", "crv", "x", "y", "use", "alg", "kid")


@dataclass(frozen=True, slots=True, repr=False)
class KeyPairs:
    """Two private keys as JWKs. Never printed: the members are secrets."""

    signing: Jwk
    encryption: Jwk

    def public(self) -> dict[str, Any]:
        """The JWKS (RFC 7517 §5) of the public halves."""
        return {"keys": [_public(self.signing), _public(self.encryption)]}

    def to_dict(self) -> dict[str, Any]:
        """Both private keys, for an encrypted store or a database nobody else reads."""
        return {"signing": self.signing, "encryption": self.encryption}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> KeyPairs:
        """What ``to_dict`` gave."""
        return cls(dict(value["signing"]), dict(value["encryption"]))


def make_keys() -> KeyPairs:
    """Two fresh key pairs."""
    return KeyPairs(_make("sig"), _make("enc"))


def check_jwks(value: Any) -> dict[str, Any]:
    """The public keys of a JWKS that a stranger sent, with nothing else in it.

    Raises ValueError unless it holds a signing and an encryption key on P-384, sound points
    of the curve, each with the thumbprint as its id, and no private part.
    """
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or not 0 < len(keys) <= _MOST_KEYS:
        raise ValueError("no list of keys")
    kept: list[Jwk] = []
    for key in keys:
        if not isinstance(key, dict) or "d" in key:
            raise ValueError("not a public key")
        if (key.get("kty"), key.get("crv")) != ("EC", CURVE) or key.get("use") not in _USES:
            raise ValueError("a key of another kind")
        if key.get("alg", _USES[key["use"]]) != _USES[key["use"]]:
            raise ValueError("a key of another algorithm")
        x, y = key.get("x"), key.get("y")
        if not (isinstance(x, str) and isinstance(y, str)) or max(len(x), len(y)) > 100:
            raise ValueError("not a point")
        bare: Jwk = {"kty": "EC", "crv": CURVE, "x": x, "y": y}
        try:
            made = ECKey.import_key(dict(bare))
            made.public_key  # noqa: B018 — finds out whether the point lies on the curve
            kid = made.thumbprint()
        except (JoseError, ValueError, TypeError) as error:
            raise ValueError("not a point of the curve") from error
        if key.get("kid", kid) != kid:
            raise ValueError("the id of another key")
        kept.append({**bare, "use": key["use"], "alg": _USES[key["use"]], "kid": kid})
    if {key["use"] for key in kept} != set(_USES):
        raise ValueError("a signing and an encryption key are needed")
    return {"keys": kept}


def public_key(jwks: dict[str, Any], use: str) -> Jwk:
    """The first key of a checked JWKS for ``use`` (``sig`` or ``enc``). KeyError without one."""
    for key in jwks["keys"]:
        if key["use"] == use:
            return dict(key)
    raise KeyError(use)


def fingerprint(jwks: dict[str, Any]) -> str:
    """Sixteen digits in groups of four, for two people to compare by telephone.

    They stand for both keys of a checked JWKS: 53 bits of the SHA-256 over the keys' ids.
    """
    ids = " ".join(sorted(key["kid"] for key in jwks["keys"]))
    digest = hashlib.sha256(ids.encode()).digest()
    digits = f"{int.from_bytes(digest[:16], 'big') % 10**16:016d}"
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def _make(use: str) -> Jwk:
    from joserfc.jwk import ECKey

    key = ECKey.generate_key(CURVE, {"use": use, "alg": _USES[use]}, private=True)
    jwk = dict(key.as_dict(private=True))
    return {**jwk, "kid": key.thumbprint()}


def _public(key: Jwk) -> Jwk:
    return {name: key[name] for name in _PUBLIC}
