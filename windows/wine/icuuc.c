/* icuuc.dll for Wine 8 only. Windows 10 has this DLL since 1703, Wine 8 has not, and Qt links it for
   the text codecs beyond UTF and Latin-1 (ucnv_* only). ucnv_open fails here, so Qt says that the
   codec is unknown and calls nothing else. Put into the Wine prefix's system32, never into the
   program: there it would hide the real one of Windows. */
#define X __declspec(dllexport)
typedef int UErrorCode;
enum { FILE_ACCESS_ERROR = 4 };

X void *ucnv_open(const char *name, UErrorCode *e) { (void)name; if (e) *e = FILE_ACCESS_ERROR; return 0; }
X int ucnv_countAvailable(void) { return 0; }
X const char *ucnv_getAvailableName(int n) { (void)n; return 0; }
X const char *ucnv_getStandardName(const char *a, const char *b, UErrorCode *e) { (void)a; (void)b; if (e) *e = FILE_ACCESS_ERROR; return 0; }
X const char *ucnv_getName(const void *c, UErrorCode *e) { (void)c; if (e) *e = FILE_ACCESS_ERROR; return 0; }
X signed char ucnv_getMaxCharSize(const void *c) { (void)c; return 1; }
X int ucnv_toUCountPending(const void *c, UErrorCode *e) { (void)c; if (e) *e = FILE_ACCESS_ERROR; return 0; }
X int ucnv_fromUCountPending(const void *c, UErrorCode *e) { (void)c; if (e) *e = FILE_ACCESS_ERROR; return 0; }

#define NEVER_CALLED(f) X void f(void) {}
NEVER_CALLED(ucnv_close) NEVER_CALLED(ucnv_reset)
NEVER_CALLED(ucnv_toUnicode) NEVER_CALLED(ucnv_fromUnicode)
NEVER_CALLED(ucnv_getToUCallBack) NEVER_CALLED(ucnv_getFromUCallBack)
NEVER_CALLED(ucnv_setToUCallBack) NEVER_CALLED(ucnv_setFromUCallBack)
NEVER_CALLED(ucnv_cbToUWriteUChars) NEVER_CALLED(ucnv_cbFromUWriteUChars)
NEVER_CALLED(UCNV_FROM_U_CALLBACK_SUBSTITUTE) NEVER_CALLED(UCNV_TO_U_CALLBACK_SUBSTITUTE)
