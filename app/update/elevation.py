"""Asking Windows for the right to write into a program folder that belongs to everybody."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.errors import EnvironmentFault
from app.i18n import tr

COMMAND = "install-version"
_RUNAS_REFUSED = 1223
_WINDOWS = os.name == "nt"


def install_elevated(program: Path, package: Path) -> None:
    """Let Windows ask for an administrator, and install with that right; waits for the end.

    ``program`` is the installed program, which checks the package once more by itself. Raises
    ``EnvironmentFault`` where nobody agreed or it was not installed.
    """
    if not _WINDOWS:
        raise EnvironmentFault(
            tr(
                "The program was installed for everybody on this PC, and this account may not "
                "change it. Nothing was changed. Ask the administrator of this PC to run the "
                "command install-version with the update file."
            )
        )
    code = _run_as(program, f'{COMMAND} "{package}"')
    if code == _RUNAS_REFUSED:
        raise EnvironmentFault(
            tr(
                "Windows asked for an administrator and nobody agreed. Nothing was changed. Try "
                "again with somebody who administers this PC."
            )
        )
    if code != 0:
        raise EnvironmentFault(
            tr(
                "The update could not be written into the program's folder. Nothing was changed. "
                "Ask the administrator of this PC to install it, or try again after a restart."
            )
        )


def _run_as(program: Path, arguments: str) -> int:
    """``ShellExecuteExW`` with the verb "runas"; the exit code, or Windows' error."""
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        class Info(ctypes.Structure):
            _fields_ = (
                ("cbSize", wintypes.DWORD),
                ("fMask", wintypes.ULONG),
                ("hwnd", wintypes.HWND),
                ("lpVerb", wintypes.LPCWSTR),
                ("lpFile", wintypes.LPCWSTR),
                ("lpParameters", wintypes.LPCWSTR),
                ("lpDirectory", wintypes.LPCWSTR),
                ("nShow", ctypes.c_int),
                ("hInstApp", wintypes.HINSTANCE),
                ("lpIDList", ctypes.c_void_p),
                ("lpClass", wintypes.LPCWSTR),
                ("hkeyClass", wintypes.HKEY),
                ("dwHotKey", wintypes.DWORD),
                ("hIcon", wintypes.HANDLE),
                ("hProcess", wintypes.HANDLE),
            )

        info = Info()
        info.cbSize = ctypes.sizeof(info)
        info.fMask = 0x00000040 | 0x00000400  # give the process back; no message boxes of its own
        info.lpVerb, info.lpFile, info.lpParameters = "runas", str(program), arguments
        shell = ctypes.WinDLL("shell32", use_last_error=True)
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        if not shell.ShellExecuteExW(ctypes.byref(info)):
            return ctypes.get_last_error() or 1
        code = wintypes.DWORD(1)
        kernel.WaitForSingleObject(wintypes.HANDLE(info.hProcess), 0xFFFFFFFF)
        kernel.GetExitCodeProcess(wintypes.HANDLE(info.hProcess), ctypes.byref(code))
        kernel.CloseHandle(wintypes.HANDLE(info.hProcess))
        return int(code.value)
    return 1
