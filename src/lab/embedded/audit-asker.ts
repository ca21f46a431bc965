import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type AuditStatus, parseRules, parseStatus } from "./audit.js";
import { commandEnvironment } from "./commands.js";

/** What the kernel says of its audit; null where it could not be asked. */
export interface AuditAnswer {
  readonly status: AuditStatus | null;
  readonly rules: readonly string[] | null;
}

const nothing: AuditAnswer = { status: null, rules: null };

/** Milliseconds for an answer; then the asker is ended and the next question starts another. */
const DEADLINE_MS = 3_000;

/**
 * A shell that asks `auditctl` whenever it is sent a line, and ends with its standard input: with us. A run asks some
 * times a second, and starting a process from a shell costs a tenth of starting it from a large Node process.
 */
const program = `while read -r question; do
  auditctl -s 2>/dev/null; echo "status $?"
  auditctl -l 2>/dev/null; echo "rules $?"
  echo end
done`;

let asker: ChildProcessByStdio<Writable, Readable, null> | null = null;

function start(): ChildProcessByStdio<Writable, Readable, null> {
  const child = spawn("/bin/sh", ["-c", program], {
    stdio: ["pipe", "pipe", "ignore"],
    env: commandEnvironment(),
    cwd: "/",
  });
  child.stdout.setEncoding("utf8");
  const gone = (): void => {
    if (asker === child) asker = null;
  };
  child.once("exit", gone);
  child.once("error", gone);
  // A question that finds the shell gone is answered by its deadline.
  child.stdin.on("error", gone);
  // It must not keep a finished command alive; it ends when its input does.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref?(): void }).unref?.();
  return child;
}

/** Asks once. One question at a time: the caller waits for the answer before it asks again. */
export async function ask(): Promise<AuditAnswer> {
  asker ??= start();
  const child = asker;
  return await new Promise<AuditAnswer>((resolve) => {
    let text = "";
    const finish = (answer: AuditAnswer): void => {
      clearTimeout(timer);
      child.stdout.off("data", onData);
      child.off("exit", onEnd);
      resolve(answer);
    };
    const onEnd = (): void => finish(nothing);
    const onData = (piece: string): void => {
      text += piece;
      if (text.endsWith("\nend\n")) finish(parse(text));
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      finish(nothing);
    }, DEADLINE_MS);
    child.stdout.on("data", onData);
    child.once("exit", onEnd);
    child.stdin.write("?\n");
  });
}

function parse(text: string): AuditAnswer {
  const parts = /^(.*?)^status (\d+)\n(.*)^rules (\d+)\nend\n$/ms.exec(text);
  if (parts === null) return nothing;
  const [, status = "", statusCode, rules = "", rulesCode] = parts;
  return {
    status: statusCode === "0" ? parseStatus(status) : null,
    rules: rulesCode === "0" ? parseRules(rules) : null,
  };
}
