"""Indicators of public-health work: what each counts, whom it counts, and how many."""
