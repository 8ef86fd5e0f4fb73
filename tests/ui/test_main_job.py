"""The main job, whole: two programs and one server process, real files and real sockets.

Offline sign-in, registration, finding, follow-up, urgent referral, a contract, an annual check,
a scale, the indicators and a ward's check-ins, all saved without a server; then the server comes
up, the background sync sends by itself with the emergency first, the lead hospital accepts, and
the township sees it. The steps and their checks are those of the demonstration
(``tools/demo/walk.py``).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tools.demo.county import County, prepare
from tools.demo.walk import walk


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_main_job_from_the_township_to_the_county_and_back(
    qapp: QApplication, tmp_path: Path
) -> None:
    county = County(tmp_path / "county")
    address = prepare(county, residents=40)
    said: list[str] = []
    steps = walk(county, address, tmp_path / "pictures", say=said.append)
    assert len(steps) == 15
    assert len(list((tmp_path / "pictures").glob("*.png"))) >= 22
    _no_identity_in_the_logs(county)


def _no_identity_in_the_logs(county: County) -> None:
    log = (county.folder / "server.log").read_text(encoding="utf-8")
    assert "POST bundle" in log
    for secret in ("34159919470815001X", "单国华", "13812345678"):
        assert secret not in log
