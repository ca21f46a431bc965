import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CompiledRule } from "../../src/detection/rule.js";
import { compileSigma } from "../../src/detection/sigma/compile.js";
import type { EmbeddedSiem, ReceivedFeed } from "../../src/siem/embedded/index.js";
import { openReceivingSiem } from "../../src/siem/embedded/index.js";
import type { ReceivedRecord } from "../../src/telemetry/receivers/receiver.js";

/** A folder of a test, and the SIEMs that were opened over it one after the other. */
export class Receiving {
  readonly folder = mkdtempSync(join(tmpdir(), "tyrian-received-"));
  readonly #opened: EmbeddedSiem[] = [];

  async open(
    rules: readonly CompiledRule[] = [],
    maximumBytes = 1_000_000,
  ): Promise<{ siem: EmbeddedSiem; received: ReceivedFeed }> {
    const opened = await openReceivingSiem({
      ...{ folder: join(this.folder, "state"), maximumBytes, sources: [], rules },
    });
    this.#opened.push(opened.siem);
    return opened;
  }

  async end(): Promise<void> {
    await Promise.all(this.#opened.map((siem) => siem.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A program start as laurel writes it; the number is its serial and makes its time. */
export function laurelLine(serial: number, ...argv: string[]): string {
  return JSON.stringify({
    ID: `${1_795_492_300 + serial}.000:${serial}`,
    SYSCALL: {
      ...{ arch: "0xc000003e", syscall: 59, success: "yes", exit: 0, ppid: 1, pid: 1000 + serial },
      ...{ uid: 0, ses: 3, exe: argv[0] ?? "", key: "tyrian" },
    },
    EXECVE: { argc: argv.length, ARGV: argv },
    CWD: { cwd: "/" },
  });
}

export function received(content: ReceivedRecord["content"], host = "web1"): ReceivedRecord {
  return { host, channel: "test", time: null, content };
}

export const RULE = "00000000-0000-4000-8000-000000000001";

/** Fires for `echo` in the command line of a program start. */
export function echoRule(product = "linux"): CompiledRule {
  const text = `title: echo\nid: ${RULE}\nlogsource: { product: ${product}, category: process_creation }\ndetection:\n  selection:\n    CommandLine|contains: echo\n  condition: selection\nlevel: high\n`;
  const { rule, diagnostics } = compileSigma(text, "echo.yml");
  if (rule === null) throw new Error(JSON.stringify(diagnostics));
  return rule;
}

export const whole = (host = "web1") => ({ host, from: 0, to: 9_999_999_999_999 });
