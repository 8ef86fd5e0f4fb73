; Every sentence of the installer that is not NSIS's own, in both languages.
!macro WORDS NAME CHINESE ENGLISH
  LangString ${NAME} ${LANG_SIMPCHINESE} "${CHINESE}"
  LangString ${NAME} ${LANG_ENGLISH} "${ENGLISH}"
!macroend

!insertmacro WORDS PRODUCT "医养通" "Township Care"
!insertmacro WORDS FINISHED \
  "医养通已安装。请双击桌面上的“医养通”图标启动。" \
  "Township Care is installed. Start it with its icon on the desktop."
!insertmacro WORDS TOO_OLD \
  "本机的 Windows 版本过旧。医养通需要 Windows 10 1809 或更新版本（64 位）。$\r$\n$\r$\n没有安装任何内容。请先更新 Windows，再重新安装。" \
  "This Windows is too old. Township Care needs Windows 10 version 1809 or newer (64-bit).$\r$\n$\r$\nNothing was installed. Update Windows, then install again."
!insertmacro WORDS RUNNING \
  "医养通正在运行。为避免丢失未保存的内容，安装程序不会强行关闭它。$\r$\n$\r$\n请保存并关闭医养通，再点“重试”。" \
  "Township Care is running. It is not closed by force, so that no unsaved work is lost.$\r$\n$\r$\nSave, close Township Care, then choose Retry."
!insertmacro WORDS NEWER_THERE \
  "本机已安装更新的版本 $0。旧版本打不开新版本的数据，因此没有更改任何内容。$\r$\n$\r$\n请使用版本 $0 或更新的安装程序。" \
  "A newer version, $0, is installed. An older one cannot open its records, so nothing was changed.$\r$\n$\r$\nUse an installer of version $0 or newer."
!insertmacro WORDS NOT_EMPTY \
  "文件夹 $INSTDIR 里已有其他内容。为所有用户安装时，其中的文件可能是任何人放进去的，因此没有安装，也没有更改任何内容。$\r$\n$\r$\n请选择一个空文件夹或新文件夹。" \
  "The folder $INSTDIR already holds something. When installing for all users, anybody may have put it there, so nothing was installed or changed.$\r$\n$\r$\nChoose an empty folder or a new one."
!insertmacro WORDS NOT_WRITTEN \
  "程序文件无法写入 $INSTDIR。原有版本保持不变，数据没有改动。$\r$\n$\r$\n请检查磁盘空间和写入权限，关闭杀毒软件的拦截后重试。" \
  "The program's files could not be written to $INSTDIR. The version that was there stays, no record was touched.$\r$\n$\r$\nCheck the room on the disk and the permissions, see whether antivirus software blocks them, then try again."
!insertmacro WORDS DELETE_RECORDS \
  "程序已卸载。本机的健康档案数据仍保留在：$\r$\n$LOCALAPPDATA\TownshipCare$\r$\n$\r$\n要把这些数据也删除吗？如果以后还会在本机使用医养通，请选“否”。" \
  "The program is removed. The records of this PC are still in$\r$\n$LOCALAPPDATA\TownshipCare$\r$\n$\r$\nDelete them, too? Choose No if Township Care may be used on this PC again."
!insertmacro WORDS REALLY_DELETE \
  "删除后，未上报的记录和本机备份都无法找回。$\r$\n$\r$\n确定要永久删除本机的全部健康档案数据吗？" \
  "Records that were not sent yet and the backups of this PC cannot be brought back.$\r$\n$\r$\nDelete all records of this PC for ever?"
