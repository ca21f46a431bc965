#!/usr/bin/env node
/**
 * A stand-in for pwsh, for tests: it is no PowerShell. It reads lines as `pwsh -NoExit -Command -` does, knows the few forms that
 * node-powershell and the transport write, and does in Node what far-side.ts has PowerShell do on the host: it starts
 * processes, of this machine. Its folder holds `behaviour.json` (what is to go wrong) and gets `record.ndjson` (what it was
 * given). A line of any other form is what data that got out of its literal would be: it is recorded as `strange`, and answered on stderr.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const folder = dirname(process.argv[1]);
const record = (entry) => appendFileSync(join(folder, "record.ndjson"), `${JSON.stringify(entry)}\n`);
const behaviour = () => {
  const file = join(folder, "behaviour.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
};
const decode = (text) => Buffer.from(text, "base64").toString("utf8");

const commands = new Map();
let asked = 0;

function startCommand(line) {
  const child = spawn("/bin/sh", ["-c", line], { detached: true, stdio: "pipe" });
  const command = { child, exit: undefined, input: undefined, pieces: { stdout: [], stderr: [] }, open: 2 };
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  child.on("exit", (code, signal) => {
    command.exit = code ?? 128 + { SIGHUP: 1, SIGKILL: 9, SIGTERM: 15 }[signal];
  });
  for (const name of ["stdout", "stderr"]) {
    child[name].on("data", (chunk) => {
      command.pieces[name].push(chunk);
      // A pipe that nobody reads fills up.
      child[name].pause();
    });
    child[name].once("close", () => (command.open -= 1));
  }
  return command;
}

function stop(child, kill) {
  const send = (signal) => {
    try {
      return process.kill(-child.pid, signal);
    } catch {
      return false;
    }
  };
  send(kill ? "SIGKILL" : "SIGTERM");
  return !send(0);
}

function write(command, piece, end) {
  const { stdin } = command.child;
  if (stdin.destroyed || !stdin.writable) {
    command.input = "refused";
    return;
  }
  stdin.write(Buffer.from(piece, "base64"), (error) => (command.input = error ? "refused" : "taken"));
  if (end) stdin.end();
}

const hasNews = ({ pieces, input, exit, told }) =>
  pieces.stdout.length + pieces.stderr.length > 0 || input !== undefined || (exit !== undefined && !told);

async function exchange({ start, write: writes, stop: stops, forget, wait }) {
  const events = new Map();
  for (const { id, line } of start) {
    try {
      commands.set(id, startCommand(decode(line)));
      events.set(id, { id, started: true });
    } catch (error) {
      events.set(id, { id, failed: error.message });
    }
  }
  for (const id of commands.keys()) if (!events.has(id)) events.set(id, { id });
  for (const { id, piece, end } of writes) if (commands.has(id)) write(commands.get(id), piece, end);
  for (const { id, kill } of stops) {
    if (commands.has(id)) events.get(id).gone = stop(commands.get(id).child, kill);
  }
  for (const id of forget) {
    commands.delete(id);
    events.delete(id);
  }
  for (
    let waited = 0;
    waited < wait && start.length === 0 && ![...commands.values()].some(hasNews);
    waited += 5
  ) {
    await pause(5);
  }
  for (const [id, command] of commands) {
    const event = events.get(id);
    for (const name of ["stdout", "stderr"]) {
      const piece = command.pieces[name].shift();
      if (piece === undefined) continue;
      event[name] = piece.toString("base64");
      if (command.pieces[name].length === 0) command.child[name].resume();
    }
    if (command.input !== undefined) event.input = command.input;
    command.input = undefined;
    event.drained = command.open === 0 && command.pieces.stdout.length + command.pieces.stderr.length === 0;
    if (command.exit !== undefined) event.exit = command.exit;
    command.told = command.exit !== undefined;
  }
  return { events: [...events.values()] };
}

async function invoke(literal) {
  const request = JSON.parse(decode(literal));
  const on = request.open === undefined ? "exchange" : "open";
  if (on === "exchange") asked += 1;
  const given = on === "open" ? request.open : JSON.parse(decode(request.exchange));
  record({ [on]: given });
  const { effect, ...with_ } =
    behaviour().find((one) => one.on === on && (one.nth === undefined || one.nth === asked)) ?? {};
  const answer = { version: "7.4.6", result: null, error: null };
  if (effect === "hang") return await new Promise(() => {});
  if (effect === "die") process.kill(process.pid, "SIGKILL");
  if (effect === "exit") process.exit(0);
  if (effect === "no-trailer") return;
  if (effect === "stderr") process.stderr.write("WARNING: something on stderr\n".repeat(3));
  if (effect === "noise") process.stdout.write("WARNING: a banner\ntyrian-trailer of another mark {}\n");
  if (effect === "error") answer.error = with_.text;
  else if (on === "open") answer.result = JSON.stringify({ version: "7.5.0", windows: false, ...with_.host });
  else answer.result = JSON.stringify(await exchange(given));
  if (effect === "answer") Object.assign(answer, with_.answer);
  const trailer = `tyrian-trailer ${request.mark} ${JSON.stringify(answer)}\n`;
  process.stdout.write(
    effect === "twice" ? trailer + trailer : effect === "cut" ? trailer.slice(0, -9) : trailer,
  );
}

const forms = [
  [
    /^\[Console\]::(Out|Error)\.WriteLine\("(\w{16})"\)$/,
    (stream, word) => {
      (stream === "Out" ? process.stdout : process.stderr).write(`${word}\n`);
    },
  ],
  [
    /^(?:\. \(\[scriptblock\]::Create\(\[Text\.Encoding\]::UTF8\.GetString\(\[Convert\]::FromBase64String\('([\w+/=]+)'\)\)\)\); )?Invoke-Tyrian '([\w+/=]+)'$/,
    async (definition, literal) => {
      if (definition !== undefined) record({ definition: decode(definition) });
      await invoke(literal);
    },
  ],
];

record({ arguments: process.argv.slice(2), environment: process.env, pid: process.pid });
let work = Promise.resolve();
createInterface({ input: process.stdin, terminal: false }).on("line", (line) => {
  work = work.then(async () => {
    for (const [form, act] of forms) {
      const match = form.exec(line);
      if (match !== null) return await act(...match.slice(1));
    }
    record({ strange: line });
    process.stderr.write("the stand-in does not know that line\n");
  });
});
