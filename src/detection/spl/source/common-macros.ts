import type { MacroTable } from "./macros.js";

/**
 * Macros that the detections of Splunk's security_content share, as far as their meaning does not depend on a site. A
 * detection's own `…_filter` is empty where it ships. A caller's macro of the same name comes before.
 */
export const commonMacros: MacroTable = {
  security_content_summariesonly: {
    definition: "summariesonly=false allow_old_summaries=true fillnull_value=null",
  },
  "drop_dm_object_name(1)": { arguments: ["object"], definition: 'rename "$object$.*" AS *' },
  "security_content_ctime(1)": {
    arguments: ["field"],
    definition: 'convert timeformat="%Y-%m-%dT%H:%M:%S" ctime("$field$")',
  },
  sysmon: { definition: 'source="XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"' },
  wineventlog_security: { definition: 'source="XmlWinEventLog:Security"' },
  powershell: { definition: 'source="XmlWinEventLog:Microsoft-Windows-PowerShell/Operational"' },
  process_cmd: { definition: "(Processes.process_name=cmd.exe OR Processes.original_file_name=Cmd.Exe)" },
  process_powershell: {
    definition:
      "(Processes.process_name=pwsh.exe OR Processes.process_name=powershell.exe OR Processes.process_name=powershell_ise.exe OR Processes.original_file_name=pwsh.dll OR Processes.original_file_name=PowerShell.EXE OR Processes.original_file_name=powershell_ise.EXE)",
  },
  linux_auditd: { definition: 'sourcetype="linux:audit"' },
};

/** Event types that the Windows add-on brings, by name. */
export const commonEventTypes: Readonly<Record<string, string>> = {
  wineventlog_security: 'source="*WinEventLog:Security"',
  wineventlog_system: 'source="*WinEventLog:System"',
  wineventlog_application: 'source="*WinEventLog:Application"',
};
