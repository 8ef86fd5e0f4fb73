"""Assessments on the screen: the chooser, the history, one form for all scales."""
