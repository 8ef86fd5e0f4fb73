"""The screen: Qt only."""

import builtins

import PySide6.QtCore  # noqa: F401

# PySide looks into the source text of every module that imports anything, for a feature that this
# program does not use, and Python keeps all those texts: 24 MiB after the sign-in, and time.
builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
