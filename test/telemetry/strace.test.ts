import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import { StraceParser } from "../../src/telemetry/strace.js";
import { noStrace, skippedFor } from "../skipped.js";
import { eventsOf } from "./fixtures.js";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-strace-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const traced = "execve,execveat,clone,clone3,fork,vfork";

/** The log of a real run, with the options of the lab; `bpf` is the lab's faster way, which stops at fewer places. */
function run(command: string[], options: { length?: number; bpf?: boolean } = {}): string[] {
  const log = join(folder, "log");
  const flags = [
    "-f",
    "-ttt",
    "-s",
    String(options.length ?? 200_000),
    "-e",
    `trace=${traced}`,
    "-e",
    "signal=none",
  ];
  if (options.bpf !== false) flags.splice(1, 0, "--seccomp-bpf");
  execFileSync("strace", [...flags, "-o", log, ...command], {
    stdio: "ignore",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
  });
  return readFileSync(log, "utf8").split("\n").slice(0, -1);
}

const named = (events: readonly HostEvent[], ...argv: string[]): HostEvent => {
  const found = events.filter((event) => JSON.stringify(event.argv) === JSON.stringify(argv));
  expect(found).toHaveLength(1);
  return found[0] as HostEvent;
};

describe("a real run", skippedFor(noStrace), () => {
  test.each([true, false])(
    "gives arguments, parents that only forked, and refusals (seccomp-bpf: %s)",
    (bpf) => {
      const script = `/bin/true "" "a b" $'\\x01\\t"\\\\é'; (/bin/true sub; true); ( (/bin/true deep; true); true); /etc/passwd; nosuch; bash -c 'exec /bin/true replaced'; true`;
      const parser = new StraceParser("h1");
      const events = eventsOf(parser, run(["/bin/bash", "-c", script], { bpf }), false);
      const shell = events[0] as HostEvent;
      expect(shell).toMatchObject({ argv: ["/bin/bash", "-c", script], session: null, ppid: 0 });
      expect(named(events, "/bin/true", "", "a b", '\u0001\t"\\é')).toMatchObject({
        ppid: shell.pid,
        logsource: { product: "linux", category: "process_creation" },
        fields: { Image: "/bin/true", CommandLine: '/bin/true  a b \u0001\t"\\é', ParentImage: "/bin/bash" },
      });
      const sub = named(events, "/bin/true", "sub");
      expect(sub.fields["ParentCommandLine"]).toBe(`/bin/bash -c ${script}`);
      const deep = named(events, "/bin/true", "deep");
      expect(deep.ppid).not.toBe(shell.pid);
      expect(deep.fields["ParentImage"]).toBe("/bin/bash");
      expect(named(events, "/bin/true", "replaced").fields["ParentImage"]).toBe("/bin/bash");
      const refused = events.filter(({ kind }) => kind === "exec-refused");
      expect(refused).toMatchObject([
        {
          error: "EACCES",
          argv: [],
          logsource: { product: "linux" },
          fields: { TargetFilename: "/etc/passwd" },
        },
      ]);
      expect(events.map(({ sequence }) => sequence)).toEqual(
        events.map((e) => e.sequence).toSorted((a, b) => a - b),
      );
      expect([parser.counts().malformed, parser.counts().incomplete, parser.pending]).toEqual([0, 0, 0]);
    },
  );

  test("tells sessions apart: everything below one child of the first process, after a double fork too", () => {
    const script = `(/bin/true one; (setsid sh -c '/bin/true two' &) ; sleep 0.1; true); (/bin/true three; true)`;
    const events = eventsOf(new StraceParser("h1"), run(["/bin/bash", "-c", script]));
    const [one, two, three] = ["one", "two", "three"].map((word) => named(events, "/bin/true", word).session);
    expect(one).toMatch(/^\d+@\d+\.\d{6}$/);
    expect(two).toBe(one);
    expect(three).not.toBe(one);
  });

  test.each([
    [
      "vfork and posix_spawn",
      `import subprocess,os\nsubprocess.run(["/bin/true","v"])\nos.posix_spawn("/bin/true",["true","p"],{})\nos.wait()`,
    ],
    [
      "many threads",
      `import threading,subprocess\nts=[threading.Thread(target=lambda i=i: subprocess.run(["/bin/true",str(i)])) for i in range(20)]\n[t.start() for t in ts]\n[t.join() for t in ts]`,
    ],
    [
      "an exec from a thread",
      `import threading,os\nthreading.Thread(target=lambda: os.execv("/bin/true",["true","thread"])).start()\nimport time\ntime.sleep(5)`,
    ],
  ])("knows the parent of children of %s", (_name, python) => {
    const parser = new StraceParser("h1");
    const events = eventsOf(parser, run(["/usr/bin/python3", "-c", python]), false);
    const [first, ...others] = events as [HostEvent, ...HostEvent[]];
    expect(others.length).toBeGreaterThan(0);
    for (const event of others) {
      if (event.argv[1] === "thread") expect(event.pid).toBe(first.pid);
      else expect([event.ppid, event.fields["ParentImage"]]).toEqual([first.pid, "/usr/bin/python3"]);
    }
    expect([parser.counts().malformed, parser.counts().incomplete, parser.pending]).toEqual([0, 0, 0]);
  });

  test("cut arguments are marked and give no command line", () => {
    const events = eventsOf(
      new StraceParser("h1"),
      run(["/bin/bash", "-c", "/bin/true 0123456789 short; exec /bin/true ok"], { length: 12 }),
    );
    const [shell, cut] = events;
    expect(shell?.original).toMatchObject({ truncated: [2] });
    expect(shell?.fields["CommandLine"]).toBeUndefined();
    expect(cut).toMatchObject({
      argv: ["/bin/true", "0123456789", "short"],
      fields: { CommandLine: "/bin/true 0123456789 short" },
    });
    const many = eventsOf(new StraceParser("h1"), run(["/bin/true", ..."abcdefghijklmnop"], { length: 10 }));
    expect(many[0]?.original).toMatchObject({ vectorTruncated: true });
    expect(many[0]?.fields["CommandLine"]).toBeUndefined();
  });

  test("5,000 arguments and one of 120 kB that is all escapes come back exactly", () => {
    const argv = [
      "/bin/true",
      ...Array.from({ length: 5000 }, (_, index) => `é${index}`),
      '\u0001\n"'.repeat(40_000),
    ];
    const events = eventsOf(new StraceParser("h1"), run(argv));
    expect(events.map((event) => event.argv)).toEqual([argv]);
  });
});

/** Writes a string as strace does, independently of the reader. */
function quoted(bytes: Buffer): string {
  const letters: Record<number, string> = {
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
    34: '\\"',
    92: "\\\\",
  };
  let text = "";
  for (const [index, byte] of bytes.entries()) {
    const next = bytes[index + 1] ?? 0;
    const digit = next >= 0x30 && next <= 0x39;
    if (letters[byte] !== undefined) text += letters[byte];
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${byte.toString(8).padStart(digit ? 3 : 1, "0")}`;
  }
  return `"${text}"`;
}

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array.map((byte) => byte || 1)));

test("any bytes in arguments are read back, and strace's own words in them mean nothing", () => {
  const words = fc.constantFrom(
    '") = 0',
    " <unfinished ...>",
    "<... execve resumed>) = 0",
    '"...',
    '", "',
    "+++ exited with 0 +++",
    "[",
    "]",
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          bytes,
          words.map((word) => Buffer.from(word)),
        ),
        { minLength: 1, maxLength: 8 },
      ),
      fc.boolean(),
      (argv, cut) => {
        const call = `7 1795492269.000001 execve("/bin/x", [${argv.map(quoted).join(", ")}], 0x7ffe /* 35 vars */`;
        const lines = cut
          ? [`${call} <unfinished ...>`, "7 1795492269.000002 <... execve resumed>) = 0"]
          : [`${call}) = 0`];
        const [event] = eventsOf(new StraceParser("h"), lines, false);
        expect(event?.argv).toEqual(argv.map((argument) => argument.toString("utf8")));
      },
    ),
    { numRuns: 500 },
  );
});

describe("lines in an awkward order", () => {
  const root = `1 1795492269.000001 execve("/usr/sbin/sshd", ["sshd"], 0x1 /* 1 var */) = 0`;
  const at = (micros: number): string => `1795492269.${String(micros).padStart(6, "0")}`;
  const exec = (pid: number, micros: number, word: string): string =>
    `${pid} ${at(micros)} execve("/bin/${word}", ["${word}"], 0x1 /* 1 var */) = 0`;

  test("a child's exec, and even its end, before its parent's clone returns", () => {
    const parser = new StraceParser("h");
    const before = [
      root,
      `1 ${at(2)} clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>`,
      exec(5, 3, "ls"),
      `5 ${at(4)} +++ exited with 0 +++`,
    ];
    expect(eventsOf(parser, before, false).map(({ argv }) => argv[0])).toEqual(["sshd"]);
    const [event] = eventsOf(parser, [`1 ${at(5)} <... clone resumed>) = 5`], false);
    expect(event).toMatchObject({
      ppid: 1,
      session: `5@${at(3)}`,
      fields: { ParentImage: "/usr/sbin/sshd" },
    });
  });

  test("a grandchild's exec before either clone has returned", () => {
    const parser = new StraceParser("h");
    const lines = [root, exec(6, 3, "ls"), `5 ${at(4)} fork() = 6`, exec(5, 5, "late")];
    expect(eventsOf(parser, lines, false).map(({ argv }) => argv[0])).toEqual(["sshd"]);
    const events = eventsOf(parser, [`1 ${at(6)} fork() = 5`], false);
    expect(
      events.map(({ argv, ppid, session, fields }) => [argv[0], ppid, session, fields["ParentImage"]]),
    ).toEqual([
      ["ls", 5, `5@${at(4)}`, "/usr/sbin/sshd"],
      ["late", 1, `5@${at(4)}`, "/usr/sbin/sshd"],
    ]);
  });

  test("a clone that never returns is waited for a bounded time; then the parent is unknown", () => {
    const parser = new StraceParser("h");
    eventsOf(parser, [root, exec(5, 3, "ls")], false);
    expect(parser.flush(3900)).toEqual([]);
    const [event] = parser.flush(4000);
    expect(event).toMatchObject({ ppid: 0, session: null });
    expect(event?.fields["ParentImage"]).toBeUndefined();
  });

  test("an exec whose process is killed in it is no event; one that never returns is counted", () => {
    const parser = new StraceParser("h");
    const open = (pid: number): string =>
      `${pid} ${at(3)} execve("/bin/ls", ["ls"], 0x1 /* 1 var */ <unfinished ...>`;
    const lines = [
      root,
      `1 ${at(2)} fork() = 5`,
      `1 ${at(2)} fork() = 6`,
      open(5),
      `5 ${at(4)} +++ killed by SIGKILL +++`,
      open(6),
    ];
    expect(eventsOf(parser, lines).map(({ argv }) => argv[0])).toEqual(["sshd"]);
    expect(parser.counts().incomplete).toBe(1);
    expect(parser.lost("h")).toBe(1);
  });

  test("a parent that has ended is no parent any more, a reused id is a new process, a thread is none", () => {
    const parser = new StraceParser("h");
    const events = eventsOf(parser, [
      root,
      `1 ${at(2)} fork() = 5`,
      `5 ${at(3)} fork() = 6`,
      `5 ${at(4)} +++ exited with 0 +++`,
      exec(6, 5, "orphan"),
      `1 ${at(6)} fork() = 5`,
      exec(5, 7, "again"),
      `5 ${at(8)} clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD|CLONE_SIGHAND) = 9`,
      `9 ${at(9)} vfork() = 10`,
      exec(10, 10, "byThread"),
      `5 ${at(11)} clone(child_stack=NULL, flags=CLONE_PARENT|SIGCHLD) = 11`,
      exec(11, 12, "sibling"),
    ]);
    const rows = events.map(({ argv, ppid, session, fields }) => [
      argv[0],
      ppid,
      session,
      fields["ParentImage"],
      fields["ParentProcessId"],
    ]);
    expect(rows.slice(1)).toEqual([
      ["orphan", 5, `5@${at(2)}`, undefined, undefined],
      ["again", 1, `5@${at(6)}`, "/usr/sbin/sshd", 1],
      ["byThread", 5, `5@${at(6)}`, "/bin/again", 5],
      ["sibling", 1, `11@${at(11)}`, "/usr/sbin/sshd", 1],
    ]);
  });

  test("execveat, unreadable vectors, relative paths and foreign lines", () => {
    const parser = new StraceParser("h");
    const events = eventsOf(parser, [
      root,
      `1 ${at(2)} execveat(AT_FDCWD, "/bin/ls", ["ls"], 0x1 /* 1 var */, 0) = 0`,
      `1 ${at(3)} execveat(3, "", ["memory"], 0x1 /* 1 var */, AT_EMPTY_PATH) = 0`,
      `1 ${at(4)} execve("./tool", ["./tool"], 0x1 /* 1 var */) = 0`,
      `1 ${at(5)} execve("/bin/x", 0x1234, 0x1) = -1 EFAULT (Bad address)`,
      `1 ${at(6)} execve("/bin/none", NULL, NULL) = 0`,
      `1 ${at(7)} execve("/bin/cut", ["a", "b`,
      "strace: Process 5 attached",
      "",
    ]);
    expect(events.slice(1).map(({ argv, fields }) => [argv, fields["Image"], fields["name"]])).toEqual([
      [["ls"], "/bin/ls", "/bin/ls"],
      [["memory"], undefined, undefined],
      [["./tool"], undefined, "./tool"],
      [[], "/bin/none", "/bin/none"],
    ]);
    expect(parser.counts().malformed).toBe(2);
  });

  test("ended processes are forgotten", () => {
    const parser = new StraceParser("h");
    eventsOf(parser, [root]);
    for (let n = 0; n < 20_000; n += 1) {
      const pid = 100 + (n % 5000);
      parser.push(`1 ${at(2)} fork() = ${pid}`, n, 1000);
      const [event] = parser.push(exec(pid, 3, "ls"), n, 1000);
      if (event?.ppid !== 1) expect.fail(`process ${n} has the wrong parent`);
      parser.push(`${pid} ${at(4)} +++ exited with 0 +++`, n, 1000);
    }
    expect(parser.pending).toBe(0);
  });
});
