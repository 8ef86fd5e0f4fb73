"""What the county wants to reach, in percent, by indicator (C: clinical settings)."""

from __future__ import annotations

from app.care.clinical_settings import ClinicalSettings


def targets(settings: ClinicalSettings) -> dict[str, float]:
    """Indicator code → least rate; indicators without a target are left out."""
    wanted: dict[str, float | None] = {
        "C1": settings.contract_target_senior,
        "E1": settings.target_elder_check_rate,
        "E2": settings.target_tcm_rate,
        "H2": settings.target_standard_rate,
        "D2": settings.target_standard_rate,
    }
    return {code: float(rate) for code, rate in wanted.items() if rate is not None}
