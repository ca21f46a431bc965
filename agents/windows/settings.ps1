# What install.ps1 sets, check.ps1 looks for and uninstall.ps1 takes back. Dot-sourced by these; does nothing by itself.

# Values of the registry. Those under Policies are what group policy would set.
$TyrianRegistry = @(
    foreach ($edition in 'Windows\PowerShell', 'PowerShellCore') {
        @{ Path = "HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\$edition\ScriptBlockLogging"; Name = 'EnableScriptBlockLogging'; Type = 'DWord'; Value = 1; Why = "$edition records script blocks (4104)" }
        @{ Path = "HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\$edition\ModuleLogging"; Name = 'EnableModuleLogging'; Type = 'DWord'; Value = 1; Why = "$edition records commands (4103)" }
        @{ Path = "HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\$edition\ModuleLogging\ModuleNames"; Name = '*'; Type = 'String'; Value = '*'; Why = "$edition records commands of every module" }
    }
    @{ Path = 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\Audit'; Name = 'ProcessCreationIncludeCmdLine_Enabled'; Type = 'DWord'; Value = 1; Why = '4688 has the command line' }
    @{ Path = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Lsa'; Name = 'SCENoApplyLegacyAuditPolicy'; Type = 'DWord'; Value = 1; Why = 'the audit policy of subcategories is not overridden by that of categories' }
)

# The subcategory "Process Creation" of the audit policy, by GUID: its name is another in each language.
$TyrianAuditCategory = '{0CCE922B-69AE-11D9-BED3-505054503030}'

# Logs and the least size in bytes that keeps the events of a run until they are shipped.
$TyrianLogs = @{
    'Microsoft-Windows-Sysmon/Operational'     = 256MB
    'Microsoft-Windows-PowerShell/Operational' = 256MB
    'PowerShellCore/Operational'               = 128MB
    'Windows PowerShell'                       = 64MB
    'Security'                                 = 256MB
}

$TyrianFirewallRule = 'Tyrian-WinRM-HTTPS'
$TyrianPort = 5986

# Where what was there before the first change is kept, so that it can be put back. Only administrators can write there.
$TyrianRecord = 'HKEY_LOCAL_MACHINE\SOFTWARE\Tyrian'

# A program of 32 bits would read and write another part of the registry.
if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) {
    throw 'run this in the PowerShell of 64 bits'
}

# The value of the registry; $null when there is none.
function Get-TyrianValue([string] $Path, [string] $Name) {
    return [Microsoft.Win32.Registry]::GetValue($Path, $Name, $null)
}

# Takes one value out of the registry. Not Remove-ItemProperty: it would take * for all values of the key.
function Remove-TyrianValue([string] $Path, [string] $Name) {
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($Path.Substring('HKEY_LOCAL_MACHINE\'.Length), $true)
    if ($null -eq $key) { return }
    $key.DeleteValue($Name, $false)
    $key.Close()
}

# Whether new processes are audited: 1 is success, 2 is failure, 3 is both. Only a backup has numbers; words are those of the system's language.
function Get-TyrianAudit {
    $file = Join-Path $env:TEMP "tyrian-audit-$PID.csv"
    try {
        & auditpol.exe /backup "/file:$file" | Out-Null
        if ($LASTEXITCODE -ne 0) { throw "auditpol.exe failed with status $LASTEXITCODE" }
        $line = Get-Content -LiteralPath $file | Where-Object { $_ -match [regex]::Escape($TyrianAuditCategory) } | Select-Object -First 1
        if (-not $line) { return 0 }
        return [int] ($line -split ',')[-1]
    }
    finally { Remove-Item -LiteralPath $file -ErrorAction SilentlyContinue }
}

# The service of Sysmon, under either of its names; $null when it is not installed.
function Get-TyrianSysmon {
    return Get-Service -Name 'Sysmon64', 'Sysmon' -ErrorAction SilentlyContinue | Select-Object -First 1
}

# The HTTPS listener of WinRM; $null when there is none.
function Get-TyrianListener {
    if ((Get-Service -Name WinRM).Status -ne 'Running') { return $null }
    return Get-ChildItem -Path WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' } | Select-Object -First 1
}

# What install.ps1 kept; $null when it has not been here.
function Get-TyrianRecord {
    $text = Get-TyrianValue $TyrianRecord 'BeforeInstall'
    if ($null -eq $text) { return $null }
    return $text | ConvertFrom-Json
}
