"""Rehab and nursing: the ward grid, plans, the history of a resident."""
