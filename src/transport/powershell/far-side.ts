/**
 * The PowerShell that runs on the host, in the runspace that SSH remoting opens there. PowerShell remoting runs scripts inside
 * that runspace, without a process of their own; this starts each command as a process with a command line instead, and
 * passes on its input, output and end. Nothing in it waits for a command, so that one exchange after the other can be had.
 *
 * Free text comes in base64 also inside the JSON: ConvertFrom-Json would take what looks like a date for one.
 *
 * A process of Linux leads a process group and session of its own (setsid). Windows has neither; there a command's end takes
 * along what descends from it (Process.Kill, entireProcessTree).
 */
export const farSide = String.raw`
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$global:TyrianCommands = @{}
# Each read of a pipe holds a thread until there is something to read.
[void] [Threading.ThreadPool]::SetMinThreads(64, 64)

function global:Start-TyrianCommand([string] $Line) {
  $info = [Diagnostics.ProcessStartInfo]::new()
  if ($IsWindows) {
    $info.FileName = [Environment]::SystemDirectory + '\cmd.exe'
    $info.Arguments = '/c ' + $Line
  } else {
    $info.FileName = 'setsid'
    foreach ($word in '/bin/sh', '-c', $Line) { $info.ArgumentList.Add($word) }
  }
  $info.UseShellExecute = $false
  $info.CreateNoWindow = $true
  $info.RedirectStandardInput = $true
  $info.RedirectStandardOutput = $true
  $info.RedirectStandardError = $true
  $process = [Diagnostics.Process]::Start($info)
  $pipes = @{}
  foreach ($name in 'stdout', 'stderr') {
    $stream = if ($name -eq 'stdout') { $process.StandardOutput.BaseStream } else { $process.StandardError.BaseStream }
    $buffer = [byte[]]::new(65536)
    $pipes[$name] = @{ stream = $stream; buffer = $buffer; read = $stream.ReadAsync($buffer, 0, $buffer.Length) }
  }
  @{ process = $process; pipes = $pipes; input = $null; flushing = $false; last = $false }
}

# Signals a command with all that it has started; whether it is proved that nothing of it is left.
function global:Stop-TyrianCommand($Process, [bool] $Kill) {
  $PSNativeCommandUseErrorActionPreference = $false
  if ($IsWindows) {
    if (-not $Kill) { return $false }
    if (-not $Process.HasExited) { $Process.Kill($true) }
    return $Process.WaitForExit(1000)
  }
  $signal = if ($Kill) { 'KILL' } else { 'TERM' }
  $script = 'kill -s ' + $signal + ' -- -' + $Process.Id + ' 2>/dev/null; LC_ALL=C; kill -s 0 -- -' + $Process.Id + ' 2>&1'
  $said = & '/bin/sh' '-c' $script
  $LASTEXITCODE -ne 0 -and [string] $said -match 'No such process'
}

function global:Invoke-TyrianExchange([string] $Json) {
  $request = ConvertFrom-Json -InputObject $Json -AsHashtable
  $told = @{}
  $commands = $global:TyrianCommands
  foreach ($one in $request.start) {
    try {
      $line = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($one.line))
      $commands[$one.id] = Start-TyrianCommand $line
      $told[$one.id] = @{ id = $one.id; started = $true }
    } catch {
      $told[$one.id] = @{ id = $one.id; failed = [string] $_.Exception.Message }
    }
  }
  foreach ($id in $commands.Keys) { if (-not $told.ContainsKey($id)) { $told[$id] = @{ id = $id } } }
  foreach ($one in $request.write) {
    if (-not $commands.ContainsKey($one.id)) { continue }
    $command = $commands[$one.id]
    $bytes = [Convert]::FromBase64String($one.piece)
    $command.last = $one.end
    $command.input = $command.process.StandardInput.BaseStream.WriteAsync($bytes, 0, $bytes.Length)
  }
  foreach ($one in $request.stop) {
    if (-not $commands.ContainsKey($one.id)) { continue }
    $told[$one.id].gone = [bool] (Stop-TyrianCommand $commands[$one.id].process $one.kill)
  }
  foreach ($id in $request.forget) { $commands.Remove($id); $told.Remove($id) }

  $waiting = [Collections.Generic.List[Threading.Tasks.Task]]::new()
  foreach ($command in $commands.Values) {
    foreach ($task in $command.input, $command.pipes.stdout.read, $command.pipes.stderr.read) {
      if ($null -ne $task) { $waiting.Add($task) }
    }
  }
  if ($waiting.Count -gt 0) { [void] [Threading.Tasks.Task]::WaitAny($waiting.ToArray(), [int] $request.wait) }
  elseif ($commands.Count -gt 0) { Start-Sleep -Milliseconds $request.wait }

  foreach ($id in $commands.Keys) {
    $command = $commands[$id]
    $process = $command.process
    if ($null -ne $command.input) {
      if ($command.input.IsCompletedSuccessfully -and -not $command.flushing) {
        $command.flushing = $true
        $command.input = $process.StandardInput.BaseStream.FlushAsync()
      }
      if ($command.input.IsCompleted) {
        $taken = $command.input.IsCompletedSuccessfully
        $command.input = $null
        $command.flushing = $false
        if ($command.last -or -not $taken) { try { $process.StandardInput.Close() } catch { $taken = $false } }
        $told[$id].input = if ($taken) { 'taken' } else { 'refused' }
      }
    }
    foreach ($name in 'stdout', 'stderr') {
      $pipe = $command.pipes[$name]
      if ($null -eq $pipe.read -or -not $pipe.read.IsCompleted) { continue }
      $count = if ($pipe.read.IsCompletedSuccessfully) { $pipe.read.Result } else { 0 }
      if ($count -gt 0) {
        $told[$id][$name] = [Convert]::ToBase64String($pipe.buffer, 0, $count)
        $pipe.read = $pipe.stream.ReadAsync($pipe.buffer, 0, $pipe.buffer.Length)
      } else {
        $pipe.read = $null
      }
    }
    $told[$id].drained = $null -eq $command.pipes.stdout.read -and $null -eq $command.pipes.stderr.read
    if ($process.HasExited) { $told[$id].exit = $process.ExitCode }
  }
  ConvertTo-Json -InputObject @{ events = @($told.Values) } -Compress -Depth 4 -EscapeHandling EscapeNonAscii
}

ConvertTo-Json -InputObject @{ version = [string] $PSVersionTable.PSVersion; windows = [bool] $IsWindows } -Compress
`;
