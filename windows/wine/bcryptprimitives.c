/* bcryptprimitives.dll for Wine 8 only. Windows has this DLL, Wine 8 has not, and libraries written in
   Rust (cryptography, uuid-utils) take their random bytes from its ProcessPrng. Here the bytes come
   from the same source by its older name, RtlGenRandom. Put into the Wine prefix's system32, never
   into the program. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count)
{
    while (count) {
        ULONG some = count > 0x10000000 ? 0x10000000 : (ULONG)count;
        if (!RtlGenRandom(bytes, some))
            return FALSE;
        bytes += some;
        count -= some;
    }
    return TRUE;
}
