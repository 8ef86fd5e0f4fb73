"""The Windows program made and tried on Debian: ``python -m tools.windows``.

A real Windows build: PyInstaller runs on a Windows Python under Wine, NSIS packs the result, and
the installer is tried in a second Wine prefix that has never seen a Python. ``windows/README.md``
says why each part is there.
"""
