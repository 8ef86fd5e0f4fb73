"""Proxy and the county's own certificate, by keyboard, kept in the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.i18n import set_language
from app.sync import connection
from app.ui.settings.link import LinkSection
from app.ui.settings.view import SettingsRoom
from tests.ui.checks import check_page, type_text


def _certificate(path: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Jinzhai County CA")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_proxy_and_certificate_are_kept(
    qtbot, shown, context, store, tmp_path: Path, language: str
) -> None:
    set_language(language)
    try:
        room = shown(SettingsRoom(context))
        room.open(section="network")
        section = room.section("network")
        assert isinstance(section, LinkSection)
        QApplication.processEvents()
        check_page(room)
        assert section.proxy.value() == "system"
        qtbot.keyClick(section.proxy.options, "3")
        section.save.click()
        assert section.address.message()
        type_text(section.address.line, "no address at all")
        section.save.click()
        assert section.address.message()
        section.address.line.selectAll()
        type_text(section.address.line, "proxy.jinzhai:3128")
        wrong = tmp_path / "wrong.pem"
        wrong.write_text("nothing")
        section._choose = lambda: str(wrong)
        section.choose_button.click()
        assert section.strip.text()
        section._choose = lambda: str(_certificate(tmp_path / "county.pem"))
        qtbot.keyClick(section.choose_button, Qt.Key.Key_Return)
        assert "Jinzhai County CA" in section._certificate.text()
        qtbot.keyClick(section, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        QApplication.processEvents()
        check_page(room)
        kept = connection.settings(store)
        assert kept.proxy == "http://proxy.jinzhai:3128"
        assert kept.ca is not None
        assert kept.ca.startswith("-----BEGIN CERTIFICATE")
        section.drop_button.click()
        section.save.click()
        assert connection.settings(store).ca is None
    finally:
        set_language("zh_CN")
