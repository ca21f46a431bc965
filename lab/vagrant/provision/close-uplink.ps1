# Leaves this machine its own networks only: its firewall blocks what goes to addresses that are nobody's in a lab.
#Requires -RunAsAdministrator
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$rule = @{
    DisplayName   = 'Tyrian: no way out of the lab'
    Direction     = 'Outbound'
    Action        = 'Block'
    RemoteAddress = @(
        '1.0.0.0-9.255.255.255', '11.0.0.0-126.255.255.255', '128.0.0.0-169.253.255.255',
        '169.255.0.0-172.15.255.255', '172.32.0.0-192.167.255.255', '192.169.0.0-223.255.255.255', '2000::/3'
    )
}
if (-not (Get-NetFirewallRule -Name 'Tyrian-No-Uplink' -ErrorAction SilentlyContinue)) {
    New-NetFirewallRule -Name 'Tyrian-No-Uplink' @rule | Out-Null
}
