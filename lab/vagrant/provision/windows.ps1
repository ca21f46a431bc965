# A Windows host of the lab: the token, then the sensors of agents/windows.
#Requires -RunAsAdministrator
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$folder = 'C:\ProgramData\tyrian'
New-Item -ItemType Directory -Force -Path $folder | Out-Null
Move-Item -Force -Path 'C:\Windows\Temp\tyrian\lab-token' -Destination "$folder\lab-token"

$agent = "$folder\agent"
if (Test-Path $agent) { Remove-Item -Recurse -Force $agent }
Move-Item -Path 'C:\Windows\Temp\tyrian\agent' -Destination $agent
& "$agent\install.ps1"
& "$agent\check.ps1"
