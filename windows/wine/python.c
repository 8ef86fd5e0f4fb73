/* python.exe for a Windows CPython whose libraries came without one: it calls Py_Main of PYDLL.
   Only the build under Wine runs it; a frozen program has PyInstaller's own starter. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdio.h>

typedef int (*py_main)(int, wchar_t **);

int wmain(int argc, wchar_t **argv)
{
    HMODULE library = LoadLibraryW(PYDLL);
    if (!library) {
        fprintf(stderr, "the Python library cannot be loaded, error %lu\n", GetLastError());
        return 103;
    }
    py_main run = (py_main)(void *)GetProcAddress(library, "Py_Main");
    if (!run) {
        fprintf(stderr, "the Python library has no Py_Main\n");
        return 104;
    }
    return run(argc, argv);
}
