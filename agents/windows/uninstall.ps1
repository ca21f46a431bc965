#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Puts back what install.ps1 changed on this host, as far as it recorded it. Sizes of logs stay. May be run again.
.PARAMETER SysmonPath
Sysmon64.exe, to take Sysmon away if install.ps1 brought it.
#>
[CmdletBinding()]
param([string] $SysmonPath)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'settings.ps1')

$before = Get-TyrianRecord
if ($null -eq $before) {
    'nothing to put back: install.ps1 has not been here'
    exit 0
}
if ($before.SysmonInstalled -and (Get-TyrianSysmon) -and -not $SysmonPath) {
    throw 'install.ps1 brought Sysmon to this host: give -SysmonPath Sysmon64.exe to take it away'
}

Remove-NetFirewallRule -Name $TyrianFirewallRule -ErrorAction SilentlyContinue
if ($before.Listener) {
    $listener = Get-TyrianListener
    if ($null -ne $listener) { Remove-Item -LiteralPath $listener.PSPath -Recurse -Force }
}
if ($before.Certificate) {
    Remove-Item -LiteralPath "Cert:\LocalMachine\My\$($before.Certificate)" -DeleteKey -ErrorAction SilentlyContinue
}
Set-Service -Name WinRM -StartupType $before.WinRM
# WinRM may be how this script is run: it ends with its answer, and its service stays until the next start of Windows.
if (-not $before.WinRMRunning) { 'WinRM did not run before; it still does until Windows is started again' }

if ($before.SysmonInstalled -and (Get-TyrianSysmon)) {
    & $SysmonPath -u | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "Sysmon failed with status $LASTEXITCODE" }
}
foreach ($setting in $before.Registry) {
    if ($null -eq $setting.Value) { Remove-TyrianValue $setting.Path $setting.Name }
    else { [Microsoft.Win32.Registry]::SetValue($setting.Path, $setting.Name, $setting.Value, $setting.Type) }
}
if (-not ($before.Audit -band 1)) {
    & auditpol.exe /set "/subcategory:$TyrianAuditCategory" /success:disable | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "auditpol.exe failed with status $LASTEXITCODE" }
}
Remove-TyrianValue $TyrianRecord 'BeforeInstall'
'done'
