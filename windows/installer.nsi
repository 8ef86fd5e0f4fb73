; The installer of the Windows program.
;
;   makensis -INPUTCHARSET UTF8 -DVERSION=0.1.0 -DSOURCE=<frozen folder> -DOUTPUT=<setup.exe>
;     -DPICTURES=<folder that tools.windows.side_picture filled> installer.nsi
;
; Silent, for a county's roll-out:  setup.exe /S [/AllUsers | /CurrentUser] [/D=C:\folder]   (/D last)
; Beside it may lie township-care.ini (organisation and server of the PC, see docs/windows.md) and
; township-care.pem (certificate of the county's own authority): both are copied with the program.
;
; Ends with 0: done; 1: the person gave up; 2: files could not be written, the old program stays;
; 3: the program is running; 4: Windows is too old; 5: a newer version is installed; 6: the folder is
; somebody else's already.

; A 64-bit installer: Qt has no 32-bit Windows any more, and one of 32 bits does nothing on a Wine
; of 64 bits only, without a word.
Target amd64-unicode
Unicode true
!ifdef QUICK
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  ; Both starters carry the same archive of modules: the second is then found again in the first.
  SetCompressorDictSize 64
!endif
ManifestDPIAware true

!ifndef VERSION | SOURCE | OUTPUT | PICTURES
  !error "VERSION, SOURCE, OUTPUT and PICTURES are needed, see the head of this file"
!endif

!define KEY "Software\TownshipCare"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\TownshipCare"
; Qt 6 runs on Windows 10 from 1809 on.
!define OLDEST_BUILD 17763

!define MULTIUSER_EXECUTIONLEVEL Highest
!define MULTIUSER_MUI
!define MULTIUSER_INSTALLMODE_COMMANDLINE
!define MULTIUSER_USE_PROGRAMFILES64
!define MULTIUSER_INSTALLMODE_INSTDIR "TownshipCare"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_KEY "${KEY}"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_VALUENAME "InstallLocation"
!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_KEY "${KEY}"
!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_VALUENAME "InstallLocation"
!include MultiUser.nsh
!include MUI2.nsh
!include LogicLib.nsh
!include WinVer.nsh
!include WordFunc.nsh

Name "$(PRODUCT)"
OutFile "${OUTPUT}"
BrandingText "$(PRODUCT) ${VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow

!define MUI_ICON "..\resources\icons\product.ico"
!define MUI_UNICON "..\resources\icons\product.ico"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_TEXT "$(FINISHED)"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${PICTURES}/side.bmp"
!define MUI_PAGE_CUSTOMFUNCTION_PRE SharperPicture
!insertmacro MUI_PAGE_WELCOME
!insertmacro MULTIUSER_PAGE_INSTALLMODE
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "SimpChinese"
!insertmacro MUI_LANGUAGE "English"
!include "installer_words.nsh"

VIProductVersion "${VERSION}.0"
!macro VERSION_WORDS LANGUAGE NAME TEXT
  VIAddVersionKey /LANG=${LANGUAGE} "ProductName" "${NAME}"
  VIAddVersionKey /LANG=${LANGUAGE} "CompanyName" "${NAME}"
  VIAddVersionKey /LANG=${LANGUAGE} "FileDescription" "${TEXT}"
  VIAddVersionKey /LANG=${LANGUAGE} "FileVersion" "${VERSION}"
  VIAddVersionKey /LANG=${LANGUAGE} "ProductVersion" "${VERSION}"
  VIAddVersionKey /LANG=${LANGUAGE} "LegalCopyright" "Apache-2.0"
!macroend
!insertmacro VERSION_WORDS ${LANG_SIMPCHINESE} "医养通" "医养通安装程序"
!insertmacro VERSION_WORDS ${LANG_ENGLISH} "Township Care" "Township Care installer"

Var Given ; the folder of /D=, which MultiUser.nsh would forget

; Stop with a sentence for the person and a code for the script.
!macro REFUSE TEXT CODE
  MessageBox MB_OK|MB_ICONSTOP "${TEXT}" /SD IDOK
  SetErrorLevel ${CODE}
  Quit
!macroend

; Stop while a program of the folder runs: unsaved work is never cut off. Windows lets nobody write to
; the file of a running program.
!macro UNTIL_CLOSED
  ${Do}
    StrCpy $0 ""
    !insertmacro SEE_WHETHER_FREE "TownshipCare.exe"
    !insertmacro SEE_WHETHER_FREE "TownshipCareCommand.exe"
    ; What an update brought runs from a folder of its own, after the starter has ended.
    FindFirst $2 $3 "$INSTDIR\versions\*.*"
    ${DoWhile} $3 != ""
      !insertmacro SEE_WHETHER_FREE "versions\$3\TownshipCare.exe"
      !insertmacro SEE_WHETHER_FREE "versions\$3\TownshipCareCommand.exe"
      FindNext $2 $3
    ${Loop}
    FindClose $2
    ${If} $0 == ""
      ${Break}
    ${EndIf}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" /SD IDCANCEL IDRETRY +3
      SetErrorLevel 3
      Quit
  ${Loop}
!macroend

!macro SEE_WHETHER_FREE NAME
  ${If} ${FileExists} "$INSTDIR\${NAME}"
    ClearErrors
    FileOpen $1 "$INSTDIR\${NAME}" a
    ${If} ${Errors}
      StrCpy $0 "${NAME}"
    ${Else}
      FileClose $1
    ${EndIf}
  ${EndIf}
!macroend

Function .onInit
  StrCpy $Given $INSTDIR
  ${IfNot} ${AtLeastWin10}
    !insertmacro REFUSE "$(TOO_OLD)" 4
  ${EndIf}
  ${WinVerGetBuild} $0
  ${If} $0 < ${OLDEST_BUILD}
    !insertmacro REFUSE "$(TOO_OLD)" 4
  ${EndIf}
  !insertmacro MULTIUSER_INIT
  ${If} $Given != ""
    StrCpy $INSTDIR $Given
  ${EndIf}
FunctionEnd

Function un.onInit
  !insertmacro MULTIUSER_UNINIT
FunctionEnd

; On a screen of a higher resolution the larger picture takes the place of the one that is shown.
Function SharperPicture
  System::Call 'user32::GetDpiForSystem() i.r0'
  ${If} $0 >= 144
    File "/oname=$PLUGINSDIR\modern-wizard.bmp" "${PICTURES}/side-2x.bmp"
  ${EndIf}
FunctionEnd

; $1: "" where nothing lies in the folder, or where there is none.
Function LookInto
  StrCpy $1 ""
  FindFirst $2 $3 "$INSTDIR\*.*"
  ${DoWhile} $3 != ""
    ${If} $3 != "."
    ${AndIf} $3 != ".."
      StrCpy $1 $3
    ${EndIf}
    FindNext $2 $3
  ${Loop}
  FindClose $2
FunctionEnd

Section
  ReadRegStr $0 SHCTX "${KEY}" "Version"
  ${If} $0 != ""
    ${VersionCompare} "$0" "${VERSION}" $1
    ${If} $1 == 1
      !insertmacro REFUSE "$(NEWER_THERE)" 5
    ${EndIf}
  ${EndIf}
  !insertmacro UNTIL_CLOSED

  ReadRegStr $4 SHCTX "${KEY}" "InstallLocation"
  StrLen $1 "$PROGRAMFILES64\"
  StrCpy $5 "$INSTDIR\" $1
  ${If} $4 != $INSTDIR
    ; The first time here. For all users, what lies outside of Program Files already was put there by
    ; anybody, who goes on owning it: the next administrator would run it.
    ${If} $MultiUser.InstallMode == "AllUsers"
    ${AndIf} $5 != "$PROGRAMFILES64\"
      Call LookInto
      ${If} $1 != ""
        !insertmacro REFUSE "$(NOT_EMPTY)" 6
      ${EndIf}
    ${EndIf}
    ; A version of an earlier installation would be started in place of this one.
    RMDir /r "$INSTDIR\versions"
  ${EndIf}

  ; The old program goes aside, and comes back if the new one cannot be written. What is aside
  ; already is of a run that was cut off: that one is whole, not what lies here.
  CreateDirectory "$INSTDIR\previous"
  ${If} ${FileExists} "$INSTDIR\previous\parts\*.*"
    RMDir /r "$INSTDIR\parts"
  ${Else}
    Rename "$INSTDIR\parts" "$INSTDIR\previous\parts"
    CopyFiles /SILENT "$INSTDIR\TownshipCare*.exe" "$INSTDIR\previous"
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\parts\*.*"
    ; A file in there is in use by something.
    Call PutBack
    !insertmacro REFUSE "$(NOT_WRITTEN)" 2
  ${EndIf}

  SetOutPath "$INSTDIR"
  ${If} $MultiUser.InstallMode == "AllUsers"
    ; Outside of Program Files Windows lets everybody write into a new folder: whoever put a program
    ; there would have it run by the next administrator. Named by their numbers: Administrators and
    ; the system may write, users read.
    ${If} $5 != "$PROGRAMFILES64\"
      nsExec::Exec '"$SYSDIR\icacls.exe" "$INSTDIR" /inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F *S-1-5-18:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX'
      Pop $1
    ${EndIf}
  ${EndIf}
  SetOverwrite try
  ClearErrors
  File /r "${SOURCE}/*.*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  ${If} ${Errors}
    Call PutBack
    !insertmacro REFUSE "$(NOT_WRITTEN)" 2
  ${EndIf}
  RMDir /r "$INSTDIR\previous"

  ${If} ${FileExists} "$EXEDIR\township-care.ini"
    CopyFiles /SILENT "$EXEDIR\township-care.ini" "$INSTDIR"
  ${EndIf}
  ${If} ${FileExists} "$EXEDIR\township-care.pem"
    CopyFiles /SILENT "$EXEDIR\township-care.pem" "$INSTDIR"
  ${EndIf}

  WriteRegStr SHCTX "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${KEY}" "Version" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayName" "$(PRODUCT)"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${UNINSTALL}" "DisplayIcon" "$INSTDIR\TownshipCare.exe"
  WriteRegStr SHCTX "${UNINSTALL}" "Publisher" "$(PRODUCT)"
  WriteRegStr SHCTX "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  ; The mode is named: a PC may have the program twice, for all and for one.
  WriteRegStr SHCTX "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode'
  WriteRegStr SHCTX "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S /$MultiUser.InstallMode'
  WriteRegDWORD SHCTX "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD SHCTX "${UNINSTALL}" "NoRepair" 1
  SectionGetSize 0 $0
  WriteRegDWORD SHCTX "${UNINSTALL}" "EstimatedSize" $0

  ; Shortcuts start in the program's folder.
  CreateShortcut "$SMPROGRAMS\$(PRODUCT).lnk" "$INSTDIR\TownshipCare.exe"
  CreateShortcut "$DESKTOP\$(PRODUCT).lnk" "$INSTDIR\TownshipCare.exe"
SectionEnd

Function PutBack
  ${If} ${FileExists} "$INSTDIR\previous\parts\*.*"
    SetOutPath "$TEMP"
    RMDir /r "$INSTDIR\parts"
    Rename "$INSTDIR\previous\parts" "$INSTDIR\parts"
    CopyFiles /SILENT "$INSTDIR\previous\TownshipCare*.exe" "$INSTDIR"
    RMDir /r "$INSTDIR\previous"
  ${EndIf}
FunctionEnd

Function .onInstFailed
  Call PutBack
FunctionEnd

Section "Uninstall"
  !insertmacro UNTIL_CLOSED
  SetOutPath "$TEMP"
  RMDir /r "$INSTDIR\parts"
  RMDir /r "$INSTDIR\previous"
  RMDir /r "$INSTDIR\versions"
  Delete "$INSTDIR\TownshipCare.exe"
  Delete "$INSTDIR\TownshipCareCommand.exe"
  Delete "$INSTDIR\township-care.ini"
  Delete "$INSTDIR\township-care.pem"
  Delete "$INSTDIR\uninstall.exe"
  ; Not with /r: the folder may be one that somebody keeps other things in.
  RMDir "$INSTDIR"
  ; In both languages: the language of Windows may have changed since.
  Delete "$SMPROGRAMS\医养通.lnk"
  Delete "$SMPROGRAMS\Township Care.lnk"
  Delete "$DESKTOP\医养通.lnk"
  Delete "$DESKTOP\Township Care.lnk"
  DeleteRegKey SHCTX "${UNINSTALL}"
  DeleteRegKey SHCTX "${KEY}"

  ; The records stay unless a person says twice that they are to go. They are the person's own, in
  ; whichever mode the program was installed.
  SetShellVarContext current
  ${If} ${FileExists} "$LOCALAPPDATA\TownshipCare\*.*"
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(DELETE_RECORDS)" /SD IDNO IDNO kept
    MessageBox MB_YESNO|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "$(REALLY_DELETE)" /SD IDNO IDNO kept
    RMDir /r "$LOCALAPPDATA\TownshipCare"
    kept:
  ${EndIf}
SectionEnd
