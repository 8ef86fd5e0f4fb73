/* mscms.dll for Wine 8 only. Qt asks for the screen's colour profile at its start; Wine's own
   WcsCreateIccProfile is not written yet and ends the process. Here the answer is "no profile".
   Put into the Wine prefix's system32 with WINEDLLOVERRIDES mscms=n, never into the program. */
#define X __declspec(dllexport)
X void *OpenColorProfileW(void *p, unsigned a, unsigned s, unsigned c) { (void)p; (void)a; (void)s; (void)c; return 0; }
X int CloseColorProfile(void *h) { (void)h; return 0; }
X void *WcsCreateIccProfile(void *h, unsigned o) { (void)h; (void)o; return 0; }
X int GetColorProfileFromHandle(void *h, void *b, unsigned *n) { (void)h; (void)b; if (n) *n = 0; return 0; }
