import { compileSigma } from "../../../src/detection/sigma/compile.js";
import type { CompiledRule } from "../../../src/detection/rule.js";

const programs = ["bash", "dash", "python3", "perl", "curl", "systemctl", "git", "find", "awk", "node"];
const words = "status build update --quiet -lc cat /etc/hosts import sys print grep -r main src deploy".split(
  " ",
);

/** A line of laurel about one program start, of the size that they have (about 1 kB); the same for the same number. */
export function laurelLine(index: number): string {
  const program = programs[index % programs.length] as string;
  const argv = [
    program,
    ...Array.from({ length: 6 }, (_, at) => words[(index * 7 + at * 3) % words.length] as string),
  ];
  const pid = 1_000 + (index % 30_000);
  return JSON.stringify({
    ID: `${1_795_492_300 + Math.floor(index / 500)}.${String(index % 1000).padStart(3, "0")}:${index + 1}`,
    SYSCALL: {
      ...{ arch: "0xc000003e", syscall: 59, success: "yes", exit: 0, items: 2, ppid: pid - 1, pid },
      ...{
        auid: 1000,
        uid: 1000,
        gid: 1000,
        euid: 1000,
        suid: 1000,
        fsuid: 1000,
        egid: 1000,
        sgid: 1000,
        fsgid: 1000,
      },
      ...{ tty: "pts0", ses: 3 + (index % 20), comm: program, exe: `/usr/bin/${program}`, key: "tyrian" },
      ...{
        ARCH: "x86_64",
        SYSCALL: "execve",
        AUID: "op",
        UID: "op",
        GID: "op",
        EUID: "op",
        SUID: "op",
        EGID: "op",
      },
    },
    EXECVE: { argc: argv.length, ARGV: argv },
    CWD: { cwd: "/home/op/work" },
    PATH: [
      {
        item: 0,
        name: `/usr/bin/${program}`,
        inode: 4711,
        dev: "fe:01",
        mode: "0o100755",
        ouid: 0,
        ogid: 0,
        nametype: "NORMAL",
      },
      {
        item: 1,
        name: "/lib64/ld-linux-x86-64.so.2",
        inode: 4712,
        dev: "fe:01",
        mode: "0o100755",
        nametype: "NORMAL",
      },
    ],
    PROCTITLE: { ARGV: argv },
    PARENT_INFO: { ID: "1795492200.001:17", comm: "bash", exe: "/usr/bin/bash", ppid: 900 },
  });
}

/** Rules about program starts; about one event in 200 matches one. */
export function rules(count: number): CompiledRule[] {
  return Array.from({ length: count }, (_, index) => {
    const text = `title: rule ${index}
id: 00000000-0000-4000-8000-${String(index).padStart(12, "0")}
logsource: { product: linux, category: process_creation }
detection:
  image:
    Image|endswith: ['/${programs[index % programs.length] as string}', '/tool${index}']
  line:
    CommandLine|contains|all: ['${index === 7 ? "deploy status" : `secret${index}`}', ' -']
  other:
    CommandLine|re: 'base64\\s+-d\\s+.*${index}'
  condition: image and (line or other)
level: high
`;
    const { rule, diagnostics } = compileSigma(text, `${index}.yml`);
    if (rule === null) throw new Error(JSON.stringify(diagnostics));
    return rule;
  });
}
