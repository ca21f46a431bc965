/**
 * The PowerShell that runs in our own pwsh: it opens the session to the host and passes exchanges on. What it prints last is
 * the trailer: a mark that only this invocation has, and JSON. What the host answers is a string with properties added by
 * the remoting, with which ConvertTo-Json would make an object of it, so a plain one is made.
 */
const nearSide = String.raw`
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
function global:ConvertFrom-TyrianText([string] $Text) { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($Text)) }
function global:Invoke-Tyrian([string] $Literal) {
  $request = ConvertFrom-Json -InputObject (ConvertFrom-TyrianText $Literal) -AsHashtable
  $answer = @{ version = [string] $PSVersionTable.PSVersion; result = $null; error = $null }
  try {
    if ($null -ne $request.open) {
      $options = @{}
      foreach ($name in $request.open.options.Keys) { $options[$name] = ConvertFrom-TyrianText $request.open.options[$name] }
      $parameters = @{ Options = $options; Port = [int] $request.open.port; ConnectingTimeout = [int] $request.open.timeout }
      foreach ($name in $request.open.texts.Keys) { $parameters[$name] = ConvertFrom-TyrianText $request.open.texts[$name] }
      $global:TyrianSession = New-PSSession @parameters
      $script = [scriptblock]::Create((ConvertFrom-TyrianText $request.open.farSide))
      $answer.result = [string]::Concat('', (Invoke-Command -Session $global:TyrianSession -ScriptBlock $script))
    } else {
      $script = { param($exchange) Invoke-TyrianExchange $exchange }
      $exchange = ConvertFrom-TyrianText $request.exchange
      $answer.result = [string]::Concat('', (Invoke-Command -Session $global:TyrianSession -ScriptBlock $script -ArgumentList $exchange))
    }
  } catch {
    $answer.error = [string] $_.Exception.Message
  }
  $trailer = ConvertTo-Json -InputObject $answer -Compress -EscapeHandling EscapeNonAscii
  [Console]::Out.WriteLine("tyrian-trailer " + $request.mark + " " + $trailer)
}
`;

/** Text as base64 of its UTF-8: the only form in which data gets into a script. */
export function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** The line that defines `Invoke-Tyrian`. */
const definition = `. ([scriptblock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${base64(nearSide)}'))))`;

/** A script of one line that does what the request says; the first one in a pwsh defines the function first. */
export function scriptOf(request: Readonly<Record<string, unknown>>, isFirst: boolean): string {
  const call = `Invoke-Tyrian '${base64(JSON.stringify(request))}'`;
  return isFirst ? `${definition}; ${call}` : call;
}
