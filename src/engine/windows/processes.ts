/**
 * How a host is asked which processes are the trial's, by Windows Script Host and WMI: the only way that is there on every Windows
 * so far and in Wine, needs no compiler, and tells a process's parent and its time of birth. What it cannot show it does not say.
 *
 * `before` prints, ahead of the act, the wrapper and every process that is there. Later a process is the act's (`act`) when its
 * parents lead to the wrapper, each of them older than its child. It is unknown (`unknown`) when it was not there before and its line of
 * parents breaks off, as with a process whose starter has ended: it is counted and named, and never ended, because nothing shows
 * whose it is. All others are not the trial's: their parents lead to a process that was there before.
 *
 * Not found is what a service, the task scheduler or WMI started on the act's behalf, and what runs in another Windows session.
 * Wine tells no time of birth and no session; there a number that is given out again can be taken for the earlier process.
 *
 * A script that fails says 0 in Wine, and so does a script host that is none. So only these say anything: 10 nothing of the trial runs,
 * 11 something does, as printed.
 */
export const NOTHING_RUNS = 10;
export const SOMETHING_RUNS = 11;

/** The script; its arguments are one of these, a nonce, and the file that `before` was kept in. */
export type ProcessQuestion =
  /** Prints what is there. */
  | "before"
  /** Waits a little until nothing of the act runs; prints what then does as `left-behind`. */
  | "left"
  /** Ends the act, not its wrapper; prints `swept`. */
  | "sweep"
  /** Ends act and wrapper; prints `swept` and `remaining`. */
  | "end";

/** Seconds that are waited for what the act left running. */
const LINGER_SECONDS = 3;

/** Looks that follow on the killing. */
const MOST_LOOKS = 10;

/** Links of a line of parents that are followed. */
const LONGEST_LINE = 200;

/**
 * Printable ASCII, so that it can be written by `echo`. Errors are passed over only where a property is not there: any other ends the
 * script before it says anything. A new variable in a procedure is that procedure's own.
 */
export const processScript = `Dim task, nonce, kept, services, shell, parents, births, names, before, wrapper, me_, mine, act, unknown, session, looked
task = WScript.Arguments(0)
nonce = WScript.Arguments(1)
kept = WScript.Arguments(2)
Set services = GetObject("winmgmts:")
Set shell = CreateObject("WScript.Shell")
Set before = CreateObject("Scripting.Dictionary")
wrapper = ""
session = ""
Function BirthOf(process)
  On Error Resume Next
  BirthOf = ""
  BirthOf = process.CreationDate & ""
End Function
Function SessionOf(process)
  On Error Resume Next
  SessionOf = ""
  SessionOf = process.SessionId & ""
End Function
Sub Look
  Dim process, number, line
  Set parents = CreateObject("Scripting.Dictionary")
  Set births = CreateObject("Scripting.Dictionary")
  Set names = CreateObject("Scripting.Dictionary")
  looked = False
  me_ = ""
  For Each process In services.ExecQuery("SELECT * FROM Win32_Process")
    number = CStr(process.ProcessId)
    parents(number) = CStr(process.ParentProcessId)
    births(number) = BirthOf(process)
    names(number) = LCase(process.Name)
    line = process.CommandLine & ""
    If InStr(line, task & " " & nonce) > 0 And names(number) = "cscript.exe" Then
      me_ = number
      session = SessionOf(process)
    End If
  Next
  If me_ = "" Then Exit Sub
  Set mine = CreateObject("Scripting.Dictionary")
  number = me_
  Do While parents.Exists(number) And Not mine.Exists(number)
    mine(number) = True
    number = parents(number)
  Loop
  looked = True
End Sub
Function IsWrapper(number)
  IsWrapper = False
  If number <> wrapper Or names(number) <> "cmd.exe" Then Exit Function
  If births(number) <> before(number) Then Exit Function
  IsWrapper = True
End Function
Function WhoseIs(number)
  Dim child, parent, steps
  WhoseIs = "other"
  If mine.Exists(number) Then Exit Function
  If IsWrapper(number) Then
    WhoseIs = "wrapper"
    Exit Function
  End If
  child = number
  For steps = 1 To ${LONGEST_LINE}
    If before.Exists(child) Then
      If before(child) = births(child) Then Exit Function
    End If
    parent = parents(child)
    If parent = "0" Then Exit Function
    If Not parents.Exists(parent) Then
      WhoseIs = "unknown"
      Exit Function
    End If
    If births(parent) > births(child) Then
      WhoseIs = "unknown"
      Exit Function
    End If
    If IsWrapper(parent) Then
      If names(child) <> "cscript.exe" Then WhoseIs = "act"
      Exit Function
    End If
    If mine.Exists(parent) Then Exit Function
    child = parent
  Next
  WhoseIs = "unknown"
End Function
Sub Sort
  Dim number, whose
  act = ""
  unknown = ""
  For Each number In parents.Keys
    whose = WhoseIs(number)
    If whose = "act" Or (whose = "wrapper" And task = "end") Then act = act & " " & number & ":" & births(number)
    If whose = "unknown" And IsHere(number) Then unknown = unknown & " " & number & ":" & births(number)
  Next
End Sub
Function IsHere(number)
  Dim process
  On Error Resume Next
  IsHere = True
  If session = "" Then Exit Function
  For Each process In services.ExecQuery("SELECT * FROM Win32_Process WHERE ProcessId = " & number)
    If SessionOf(process) <> session Then IsHere = False
  Next
End Function
Sub ReadBefore
  Dim files, file, words, whole
  Set files = CreateObject("Scripting.FileSystemObject")
  whole = False
  Set file = files.OpenTextFile(kept, 1)
  Do Until file.AtEndOfStream
    words = Split(file.ReadLine & " ", " ")
    If words(0) = "wrapper" Then
      wrapper = words(1)
    ElseIf words(0) = "end" Then
      whole = True
    Else
      before(words(0)) = words(1)
    End If
  Loop
  file.Close
  If Not whole Then WScript.Quit 1
End Sub
Sub PrintBefore
  Dim number
  Look
  If Not looked Then WScript.Quit 1
  WScript.Echo "wrapper " & parents(me_)
  For Each number In parents.Keys
    WScript.Echo number & " " & births(number)
  Next
  WScript.Echo "end "
  WScript.Quit ${NOTHING_RUNS}
End Sub
Sub WaitForAct
  Dim began, number
  began = Timer
  Do
    Look
    If Not looked Then WScript.Quit 1
    Sort
    If act & unknown = "" Then WScript.Quit ${NOTHING_RUNS}
    If Timer < began Or Timer - began > ${LINGER_SECONDS} Then Exit Do
    Pause
  Loop
  For Each number In Split(Trim(act & unknown), " ")
    WScript.Echo nonce & " left-behind " & number
  Next
  WScript.Quit ${SOMETHING_RUNS}
End Sub
Sub EndAct
  Dim number, words, looks, found, swept
  swept = 0
  For looks = 1 To ${MOST_LOOKS}
    Look
    If Not looked Then WScript.Quit 1
    Sort
    If looks = 1 Then swept = UBound(Split(act, " "))
    If looks = 1 And swept < 0 Then swept = 0
    If act = "" Then Exit For
    For Each number In Split(Trim(act), " ")
      words = Split(number, ":")
      shell.Run "taskkill.exe /f /pid " & words(0), 0, True
    Next
    Pause
  Next
  WScript.Echo nonce & " swept " & swept
  found = UBound(Split(act & unknown, " "))
  If found < 0 Then found = 0
  WScript.Echo nonce & " remaining " & found
  If found = 0 Then WScript.Quit ${NOTHING_RUNS}
  WScript.Quit ${SOMETHING_RUNS}
End Sub
Sub Pause
  On Error Resume Next
  WScript.Sleep 50
End Sub
If task = "before" Then PrintBefore
ReadBefore
If task = "left" Then WaitForAct
EndAct
`;
