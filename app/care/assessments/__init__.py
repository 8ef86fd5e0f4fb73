"""Assessments by scales: one engine for all, driven by the questionnaires of `resources`."""
