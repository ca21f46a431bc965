import { Readable, Transform } from "node:stream";

/*
 * PowerShell as the server's login shell: sshd starts `powershell.exe -c "LINE"` with a backslash before each double quote of the line
 * (build_commandline_string of PowerShell/openssh-portable), so the line has none. PowerShell's own rules for the arguments of programs
 * differ by version, and with redirected input it reads standard input itself, by lines, for `$input`, to which it passes each as it comes
 * (Executor.cs and ScriptCommandProcessor.cs of PowerShell/PowerShell). So the line starts cmd.exe with exactly the arguments that are
 * given, in base64, and passes on its input, which goes as lines of base64.
 */

/** Bytes of input in each line of base64. */
const LINE_BYTES = 1_500;

/**
 * The line that has PowerShell start cmd.exe, pass on its input and end with its exit code. The input has to end before the end of the
 * command is seen.
 * @param words what follows `cmd.exe` on its command line
 * @param mark stands at the end as a comment: PowerShell is the command's process until it has started cmd.exe
 */
export function powershellLine(words: string, mark: string): string {
  const encoded = Buffer.from(words, "utf8").toString("base64");
  return [
    // Without it, a cmd.exe that cannot be started would be a command that has succeeded.
    "$ErrorActionPreference='Stop'",
    "$i=New-Object Diagnostics.ProcessStartInfo",
    "$i.FileName=$env:ComSpec",
    `$i.Arguments=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${encoded}'))`,
    "$i.UseShellExecute=$false",
    "$i.RedirectStandardInput=$true",
    "$p=[Diagnostics.Process]::Start($i)",
    // Not by the StreamWriter around it, which may begin with a byte order mark.
    "$s=$p.StandardInput.BaseStream",
    "try{foreach($l in $input){$b=[Convert]::FromBase64String($l);$s.Write($b,0,$b.Length);$s.Flush()};$s.Close()}catch{}",
    "$p.WaitForExit()",
    `exit $p.ExitCode #${mark}`,
  ].join(";");
}

/** Standard input as that line reads it. */
export function powershellInput(input: Readable | Buffer): Readable | Buffer {
  if (!(input instanceof Readable)) return Buffer.from(linesOf(input), "latin1");
  if (input.destroyed) return Buffer.alloc(0);
  const encoder = new Transform({
    transform: (piece: Buffer, _encoding, done) => done(null, linesOf(piece)),
  });
  // What breaks the source ends the input, as it does everywhere else.
  input.on("error", () => encoder.end());
  return input.pipe(encoder);
}

function linesOf(bytes: Buffer): string {
  let lines = "";
  for (let from = 0; from < bytes.length; from += LINE_BYTES) {
    lines += `${bytes.subarray(from, from + LINE_BYTES).toString("base64")}\r\n`;
  }
  return lines;
}
