"""Bringing in rosters: choose a file, say what its columns are, look at every row, import."""
