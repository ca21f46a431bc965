/**
 * The child process that owns node-powershell, given to `node -e` as the namespaces' connector is: the package's errors outside
 * of any call, and whatever else it does to the process that loads it, end this one. It leads a process group in which
 * pwsh is too, and ends that group when its parent is gone.
 *
 * Arguments: the package's file and the pwsh. It is sent `{ id, script }`, one at a time, and answers `{ id, stdout, failure }`.
 * A script is one line: node-powershell writes it to `pwsh -Command -`, which reads line by line. What pwsh writes to stderr is
 * no error here, as it is to node-powershell by default.
 *
 * The package would keep all output for ever: in its history, which is emptied, and through a race of each call against the
 * one promise of pwsh's end, which is given to each call as a promise of its own.
 */
export const keeperProgram = `
const end = () => process.kill(-process.pid, "SIGKILL");
process.on("disconnect", end);
const say = (message) => process.connected && process.send(message, (error) => error && end());
process.on("unhandledRejection", (error) => say({ id: 0, stdout: null, failure: String(error && error.message) }));
const { PowerShell } = require(process.argv[1]);
const shell = new PowerShell({
  executable: process.argv[2],
  executableOptions: { "-NoProfile": true, "-NonInteractive": true },
  throwOnInvocationError: false,
});
let call = null;
shell.exitPromise.then(
  () => call ? call.resolve() : say({ id: 0, stdout: null, failure: "it ended" }),
  (error) => call ? call.reject(error) : say({ id: 0, stdout: null, failure: String(error && error.message) }),
);
process.on("message", async ({ id, script }) => {
  let [stdout, failure] = [null, null];
  shell.exitPromise = new Promise((resolve, reject) => (call = { resolve, reject }));
  try {
    const result = await shell.invoke(script);
    if (result.stdout === undefined) failure = "it ended";
    else stdout = result.stdout.toString("utf8");
  } catch (error) {
    failure = String(error && error.message);
  }
  call = null;
  shell.history.length = 0;
  say({ id, stdout, failure });
});
`;
