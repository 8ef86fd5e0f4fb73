"""Consultations, expert visits, guidance and training on the screen."""
