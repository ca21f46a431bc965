#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
Makes a Windows host of a lab report what Tyrian's procedures leave behind, and reachable by WinRM over HTTPS.
.DESCRIPTION
May be run again: what is as it should be is left alone. What was there before is kept in the registry (HKLM\SOFTWARE\Tyrian), and
uninstall.ps1 puts it back. Nothing is downloaded.
.PARAMETER SysmonPath
Sysmon64.exe, which Microsoft signed. Without it Sysmon is left alone.
.PARAMETER ManagementAddress
The addresses that may reach WinRM, such as 10.0.0.5 or 10.0.0.0/24. Without it WinRM is left alone.
.PARAMETER CertificateThumbprint
A certificate with its key in LocalMachine\My for the HTTPS listener. Without it one is made and signed by itself.
#>
[CmdletBinding()]
param(
    [string] $SysmonPath,
    [string[]] $ManagementAddress,
    [string] $CertificateThumbprint
)
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'settings.ps1')

# Everything that could refuse comes before the first change.
if ($SysmonPath) {
    $signature = Get-AuthenticodeSignature -LiteralPath $SysmonPath
    if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch 'O=Microsoft Corporation') {
        throw "$SysmonPath is not signed by Microsoft; take Sysmon from https://learn.microsoft.com/sysinternals"
    }
}
$before = Get-TyrianRecord
if ($SysmonPath -and (Get-TyrianSysmon) -and -not ($before -and $before.SysmonInstalled)) {
    throw 'Sysmon is on this host with the configuration of somebody else; merge sysmon.xml into it, and run this without -SysmonPath'
}
if ($CertificateThumbprint) {
    $given = Get-Item -LiteralPath "Cert:\LocalMachine\My\$CertificateThumbprint" -ErrorAction SilentlyContinue
    if ($null -eq $given -or -not $given.HasPrivateKey) { throw "there is no certificate $CertificateThumbprint with its key in LocalMachine\My" }
}

if (-not $before) {
    $before = [pscustomobject] @{
        Registry        = @($TyrianRegistry | ForEach-Object { [pscustomobject] @{ Path = $_.Path; Name = $_.Name; Type = $_.Type; Value = Get-TyrianValue $_.Path $_.Name } })
        Audit           = Get-TyrianAudit
        SysmonInstalled = $false
        Listener        = $false
        Certificate     = $null
        WinRM           = [string] (Get-Service -Name WinRM).StartType
        WinRMRunning    = (Get-Service -Name WinRM).Status -eq 'Running'
    }
}
function Save-Record {
    [Microsoft.Win32.Registry]::SetValue($TyrianRecord, 'BeforeInstall', ($before | ConvertTo-Json -Depth 5 -Compress), 'String')
}
# Kept before each change: an installation that is broken off can be taken back.
Save-Record

foreach ($setting in $TyrianRegistry) {
    if ((Get-TyrianValue $setting.Path $setting.Name) -eq $setting.Value) { continue }
    [Microsoft.Win32.Registry]::SetValue($setting.Path, $setting.Name, $setting.Value, $setting.Type)
    "set: $($setting.Why)"
}

if (-not ((Get-TyrianAudit) -band 1)) {
    & auditpol.exe /set "/subcategory:$TyrianAuditCategory" /success:enable | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "auditpol.exe failed with status $LASTEXITCODE" }
    'set: new processes are audited (4688)'
}

if ($SysmonPath) {
    $configuration = Join-Path $PSScriptRoot 'sysmon.xml'
    if (Get-TyrianSysmon) { & $SysmonPath -c $configuration | Out-Null }
    else {
        $before.SysmonInstalled = $true
        Save-Record
        & $SysmonPath -accepteula -i $configuration | Out-Null
    }
    if ($LASTEXITCODE -ne 0) { throw "Sysmon failed with status $LASTEXITCODE" }
    'set: Sysmon has the configuration of sysmon.xml'
}

foreach ($log in $TyrianLogs.GetEnumerator()) {
    $found = Get-WinEvent -ListLog $log.Key -ErrorAction SilentlyContinue
    if ($null -eq $found) { continue }
    if (-not $found.IsEnabled -or $found.MaximumSizeInBytes -lt $log.Value) {
        $found.IsEnabled = $true
        $found.MaximumSizeInBytes = [Math]::Max($found.MaximumSizeInBytes, $log.Value)
        $found.SaveChanges()
        "set: the log $($log.Key) keeps $($log.Value) bytes"
    }
}

if ($ManagementAddress) {
    Set-Service -Name WinRM -StartupType Automatic
    Start-Service -Name WinRM
    if (-not (Get-TyrianListener)) {
        if (-not $CertificateThumbprint -and $before.Certificate) { $CertificateThumbprint = $before.Certificate }
        if (-not $CertificateThumbprint) {
            $name = [Net.Dns]::GetHostEntry('').HostName
            $certificate = New-SelfSignedCertificate -DnsName $name, $env:COMPUTERNAME -CertStoreLocation Cert:\LocalMachine\My -FriendlyName 'Tyrian WinRM' -NotAfter (Get-Date).AddYears(2)
            $CertificateThumbprint = $certificate.Thumbprint
            $before.Certificate = $CertificateThumbprint
            Save-Record
        }
        $before.Listener = $true
        Save-Record
        $null = New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address * -CertificateThumbPrint $CertificateThumbprint -Force
        "set: WinRM listens over HTTPS; the certificate's thumbprint for the inventory is $CertificateThumbprint"
    }
    if (Get-NetFirewallRule -Name $TyrianFirewallRule -ErrorAction SilentlyContinue) {
        Set-NetFirewallRule -Name $TyrianFirewallRule -RemoteAddress $ManagementAddress
    }
    else {
        $null = New-NetFirewallRule -Name $TyrianFirewallRule -DisplayName 'Tyrian: WinRM over HTTPS' -Direction Inbound -Protocol TCP -LocalPort $TyrianPort -RemoteAddress $ManagementAddress -Action Allow
    }
    "set: port $TyrianPort is open to $($ManagementAddress -join ', ')"
}
'done; check.ps1 says what is still missing'
