#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Says what this host lacks to report what Tyrian's procedures leave behind. Changes nothing. Status 1 when something is missing.
#>
[CmdletBinding()]
param()
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'settings.ps1')

$missing = @(
    foreach ($setting in $TyrianRegistry) {
        if ((Get-TyrianValue $setting.Path $setting.Name) -ne $setting.Value) {
            "$($setting.Why): $($setting.Path) $($setting.Name) is not $($setting.Value) (install.ps1)"
        }
    }
    if (-not ((Get-TyrianAudit) -band 1)) { 'new processes are audited (4688): the audit policy has Process Creation off (install.ps1)' }

    $sysmon = Get-TyrianSysmon
    if ($null -eq $sysmon) { 'Sysmon is not installed (install.ps1 -SysmonPath Sysmon64.exe)' }
    elseif ($sysmon.Status -ne 'Running') { "Sysmon is there and does not run (Start-Service $($sysmon.Name))" }

    foreach ($log in $TyrianLogs.GetEnumerator()) {
        $found = Get-WinEvent -ListLog $log.Key -ErrorAction SilentlyContinue
        if ($null -ne $found) {
            if (-not $found.IsEnabled) { "the log $($log.Key) is off (install.ps1)" }
            if ($found.MaximumSizeInBytes -lt $log.Value) { "the log $($log.Key) keeps fewer than $($log.Value) bytes (install.ps1)" }
        }
        elseif ($log.Key -ne 'PowerShellCore/Operational') { "there is no log $($log.Key)" }
        elseif (Get-Command -Name pwsh.exe -ErrorAction SilentlyContinue) {
            'PowerShell 7 is here and has no log: run RegisterManifest.ps1 in its folder'
        }
    }
    $old = Get-WindowsOptionalFeature -Online -FeatureName MicrosoftWindowsPowerShellV2 -ErrorAction SilentlyContinue
    if ($null -ne $old -and $old.State -eq 'Enabled') {
        'PowerShell 2.0 is on, which records no script blocks (Disable-WindowsOptionalFeature -Online -FeatureName MicrosoftWindowsPowerShellV2Root)'
    }

    if ((Get-Service -Name WinRM).Status -ne 'Running') { 'WinRM does not run (install.ps1 -ManagementAddress ADDRESS)' }
    else {
        $listener = Get-TyrianListener
        if ($null -eq $listener) { 'WinRM has no HTTPS listener (install.ps1 -ManagementAddress ADDRESS)' }
        else {
            $thumbprint = (Get-ChildItem -LiteralPath $listener.PSPath | Where-Object Name -EQ 'CertificateThumbprint').Value
            $certificate = Get-Item -LiteralPath "Cert:\LocalMachine\My\$thumbprint" -ErrorAction SilentlyContinue
            if ($null -eq $certificate) { "the certificate $thumbprint of WinRM's HTTPS listener is not there" }
            elseif ($certificate.NotAfter -lt (Get-Date)) { "the certificate $thumbprint of WinRM's HTTPS listener has expired" }
        }
        if ((Get-Item -Path WSMan:\localhost\Service\AllowUnencrypted).Value -eq 'true') { 'WinRM allows messages that are not encrypted (Set-Item WSMan:\localhost\Service\AllowUnencrypted false)' }
        if ((Get-Item -Path WSMan:\localhost\Service\Auth\Basic).Value -eq 'true') { 'WinRM allows Basic, which sends the password itself; over HTTPS alone this may be meant' }
    }
    $shippers = Get-Service -Name 'winlogbeat', 'nxlog' -ErrorAction SilentlyContinue | Where-Object Status -EQ 'Running'
    if (-not $shippers) { 'neither winlogbeat nor NXLog runs: nothing is shipped, unless another collector does it (winlogbeat.yml, nxlog.conf)' }
)
if ($missing.Count -eq 0) {
    'nothing is missing'
    exit 0
}
$missing | ForEach-Object { "missing: $_" }
exit 1
