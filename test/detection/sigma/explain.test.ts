import { describe, expect, test } from "vitest";
import { nearestEventSchema, type NearestEvent } from "../../../src/model/verdict.js";
import { compileSigma } from "../../../src/detection/sigma/compile.js";
import { compiled, event, ruleText, selection } from "./helpers.js";

const bash = {
  CommandLine: 'bash -c "echo aGk= | base64 -d | bash"',
  Image: "/usr/bin/bash",
  ParentImage: "/usr/sbin/sshd",
  User: "lab",
  EventID: 1,
  UtcTime: "2026-11-24 13:44:05",
  Ip: "10.1.2.3",
};

function explain(detection: string, fields: Record<string, unknown> = bash): NearestEvent {
  return nearestEventSchema.parse(compiled(detection).explain(event(fields)));
}

describe("the smallest change of one line", () => {
  test.each([
    // the whole value against a path
    ["Image: bash", bash, "the event has a full path: use `Image|endswith: '/bash'`"],
    ["Image: [sh, bash]", bash, "the event has a full path: use `Image|endswith: '/bash'`"],
    ["Image: /bin/bash", bash, "the folder differs: use `Image|endswith: '/bash'`"],
    ["Image: [/bin/sh, /bin/dash]", bash, "the event has another value: use `Image|endswith: '/bash'`"],
    ["Image: sh", bash, "the event has another value: use `Image|endswith: '/bash'`"],
    ["Image: /opt/bash", bash, "the folder differs: use `Image|endswith: '/bash'`"],
    ["Image|startswith: /usr/local/bin/bash", bash, "the folder differs: use `Image|endswith: '/bash'`"],
    [
      String.raw`Image|endswith: '\bash.exe'`,
      bash,
      "paths of this system are written otherwise: use `Image|endswith: '/bash'`",
    ],
    [
      String.raw`Image: 'powershell.exe'`,
      { Image: String.raw`C:\Windows\powershell.exe` },
      String.raw`the event has a full path: use ${"`"}Image|endswith: '\powershell.exe'${"`"}`,
    ],
    [
      "Image|endswith: [/sh, /dash]",
      bash,
      "the event has another value: add '/bash' to the values of `Image|endswith`",
    ],
    [
      "Image|endswith: /python",
      { Image: "/usr/bin/python3.11" },
      "the value goes on with '3.11': use `Image|contains: '/python'`",
    ],
    // case
    ["CommandLine|contains|cased: ECHO", bash, "only the case differs: use `CommandLine|contains: 'ECHO'`"],
    ["CommandLine|re: 'BASE64'", bash, "only the case differs: use `CommandLine|re|i: 'BASE64'`"],
    [
      "CommandLine|re: '^base64 -d$'",
      bash,
      "it is there, but not as the whole value: use `CommandLine|re: 'base64 -d'`",
    ],
    [
      "CommandLine|re: 'a.b'",
      { CommandLine: "a\nb" },
      "a line break stands where the expression has a dot: use `CommandLine|re|s: 'a.b'`",
    ],
    // where it stands
    [
      "CommandLine: 'bash -c'",
      bash,
      "the value goes on with ' \"echo aGk= | base64 -d | bash\"': use `CommandLine|startswith: 'bash -c'`",
    ],
    [
      "CommandLine|startswith: base64",
      bash,
      "'bash -c \"echo aGk= | ' stands before it: use `CommandLine|contains: 'base64'`",
    ],
    [
      "CommandLine: 'bash*base64'",
      bash,
      "more text stands beside it: use `CommandLine|contains: 'bash*base64'`",
    ],
    [
      "CommandLine|contains: ' bash '",
      { CommandLine: "sudo bash" },
      "it is there without the spaces around it: use `CommandLine|contains: ' bash'`",
    ],
    // spelling
    [
      "CommandLine|contains: 'base64  -d  |  bash'",
      bash,
      "the event writes it with other quotes or spaces: use `CommandLine|contains: 'base64 -d | bash'`",
    ],
    [
      "CommandLine|contains: 'echo aGk'",
      { CommandLine: "echo 'aGk='" },
      "the event writes it with other quotes or spaces: use `CommandLine|contains|all: ['echo', 'aGk']`",
    ],
    [
      "CommandLine|contains: 'powershell'",
      { CommandLine: 'p^ower"shell" x' },
      String.raw`the event writes it with other quotes or spaces: use ${"`"}CommandLine|re|i: 'p\W*o\W*w\W*e\W*r\W*s\W*h\W*e\W*l\W*l'${"`"}`,
    ],
    [
      "CommandLine|contains: ' /c '",
      bash,
      "the option is written with another dash: use `CommandLine|contains|windash: ' /c '`",
    ],
    [
      "CommandLine|contains: 'base64 --decode'",
      bash,
      "the option is written out or abbreviated: use `CommandLine|contains: ['base64 --decode', 'base64 -d']`",
    ],
    [
      "CommandLine|contains: ['base64 --decode', 'openssl enc']",
      bash,
      "the option is written out or abbreviated: add 'base64 -d' to the values of `CommandLine|contains`",
    ],
    [
      "CommandLine|contains: 'base64 -d '",
      { CommandLine: "base64 --decode x" },
      "the option is written out or abbreviated: use `CommandLine|contains: ['base64 -d ', 'base64 --decode ']`",
    ],
    [
      "CommandLine|contains: '-EncodedCommand'",
      { CommandLine: "pwsh -enc YQ==" },
      "the option is written out or abbreviated: use `CommandLine|contains: ['-EncodedCommand', '-enc']`",
    ],
    ["CommandLine|contains: ehco", bash, "did you mean 'echo'? use `CommandLine|contains: 'echo'`"],
    [
      "CommandLine|contains: 'bash base64'",
      bash,
      "its words are there, but not next to one another: use `CommandLine|contains|all: ['bash', 'base64']`",
    ],
    [
      "CommandLine|contains: 'base64 -d | tr'",
      { CommandLine: "echo | base64 -d | python" },
      "the nearest text in the event is 'base64 -d |': use `CommandLine|contains: 'base64 -d |'`",
    ],
    // encodings
    [
      "CommandLine|contains: 'New-Object'",
      { CommandLine: `pwsh -enc ${Buffer.from("a;New-Object x", "utf16le").toString("base64")}` },
      "the event has it in base64: use `CommandLine|wide|base64offset|contains: 'New-Object'`",
    ],
    [
      "CommandLine|contains: '/dev/tcp'",
      { CommandLine: `echo ${Buffer.from("sh >/dev/tcp/1").toString("base64")}` },
      "the event has it in base64: use `CommandLine|base64offset|contains: '/dev/tcp'`",
    ],
    // fields
    ["image|endswith: /bash", bash, "field names are case-sensitive: use `Image|endswith`"],
    [
      "ParentCommandLine|contains: sshd",
      bash,
      "the event has it in another field: use `ParentImage|contains`",
    ],
    ["CommandLine|contains: sshd", bash, "the event has it in another field: use `ParentImage|contains`"],
    [
      "OriginalFileName: x.exe",
      { Image: "/a", User: "b" },
      "this event has no `OriginalFileName`: test a field that its log source has (`Image`, `User`)",
    ],
    ["Usr: root", { User: "b" }, "this event has no `Usr` but `User`: is that the field that is meant?"],
    [
      "Image|exists: true",
      { User: "b" },
      "this event has no `Image`: test a field that its log source has (`User`)",
    ],
    ["Image|exists: false", bash, "the event has `Image`: remove this line"],
    ["Image: null", bash, "the event has a value in `Image`: remove this line"],
    // numbers, addresses, dates, other fields
    ["EventID: 4688", bash, "the event has another value: add 1 to the values of `EventID`"],
    ["EventID|gt: 10", bash, "the event has 1: use `EventID|gte: 1`"],
    ["EventID|lt: 1", bash, "the event has 1: use `EventID|lte: 1`"],
    ["User|gt: 10", bash, "the value is no number: test another field"],
    ["UtcTime|hour: 3", bash, "the event has 13: add 13 to the values of `UtcTime|hour`"],
    ["UtcTime|hour|lt: 6", bash, "the event has 13: use `UtcTime|hour|lte: 13`"],
    [
      "Ip|cidr: 192.168.0.0/16",
      bash,
      "the address is outside the range: add '10.1.2.3/32' to the values of `Ip|cidr`",
    ],
    ["User|cidr: 192.168.0.0/16", bash, "the value is no IP address: test another field"],
    ["User|fieldref: Image", bash, "`Image` has '/usr/bin/bash'"],
    [
      "User|fieldref: Absent",
      { User: "x" },
      "this event has no `Absent`: test a field that its log source has (`User`)",
    ],
    [
      "CommandLine|startswith|neq: bash",
      bash,
      "remove the value from `CommandLine|startswith|neq`, or exclude with a second field",
    ],
    // nothing is near
    ["CommandLine|contains: '| bash '", { CommandLine: "base64 --decode" }, ""],
    ["CommandLine|contains: 'curl http'", bash, ""],
  ])("%s", (line, fields, change) => {
    const answer = explain(selection(line), fields);
    expect(answer.unmet.map((clause) => clause.change)).toEqual([change]);
    expect([answer.met, answer.needed]).toEqual([0, 1]);
  });

  test("with all, each missing value is a clause, and the change takes its place", () => {
    const answer = explain(selection("CommandLine|contains|all: [base64, '--decode', curl, '| bash']"));
    expect([answer.met, answer.needed]).toEqual([2, 4]);
    expect(answer.unmet).toMatchObject([
      {
        clause: "selection: CommandLine|contains|all",
        wanted: "'--decode'",
        change:
          "the option is written out or abbreviated: use `CommandLine|contains: ['--decode', '-d']` as a line of its own",
      },
      {
        wanted: "'curl'",
        change:
          "the event has nothing like it: remove 'curl' from `CommandLine|contains|all`, or give it a selection of its own",
      },
    ]);
  });
});

describe("a change is one that holds for the next execution too", () => {
  const work = "/tmp/tmp.AbCdEfGhIj";
  test.each([
    // neither the trial's work folder nor a whole command line
    [
      "Image: /usr/bin/xmrig",
      { Image: `${work}/sh` },
      "the event has another value: use `Image|endswith: '/sh'`",
    ],
    [
      "Image|startswith: /var/tmp/",
      { Image: `${work}/sh` },
      "the event has another value: add '/tmp/' to the values of `Image|startswith`",
    ],
    [
      "CurrentDirectory: /root",
      { CurrentDirectory: work },
      "the event has another value: use `CurrentDirectory|startswith: '/tmp/'`",
    ],
    ["Image|endswith: /xmrig", { Image: work }, ""],
    [
      "ParentCommandLine|contains: /tmp/tmp.QwErTyUiOp/x",
      { ParentCommandLine: `sh ${work}/x` },
      "the folder differs: use `ParentCommandLine|endswith: '/x'`",
    ],
    ["User: root", { User: "20261124-034501-9f3c-0001" }, ""],
    ["CommandLine: bash -c id", { CommandLine: "bash -c whoami" }, ""],
    [
      "CommandLine: '/bin/sh /tmp/script.sh'",
      { CommandLine: `/usr/bin/sh ${work}/script.sh` },
      "the folder differs: use `CommandLine|endswith: '/script.sh'`",
    ],
    [
      "CommandLine|contains: 'base64 -d'",
      { CommandLine: "base64   -d x" },
      "the event writes it with other quotes or spaces: use `CommandLine|contains|all: ['base64', '-d']`",
    ],
    // nor what is another for each process
    ["ProcessId: 5", { ProcessId: 1234 }, "`ProcessId` has another value in each event: test another field"],
    ["LogonId: '0x5'", { LogonId: "0x7" }, "`LogonId` has another value in each event: test another field"],
  ])("%s for %j", (line, fields, change) => {
    expect(explain(selection(line), fields).unmet.map((clause) => clause.change)).toEqual([change]);
  });
});

/** Changes of the form "use `LINE`" as a rule; null for the others. */
function changed(change: string): string | null {
  const line = /use `(.+: .+)`$/s.exec(change)?.[1];
  return line === undefined ? null : selection(line);
}

test.each([
  ["Image: bash"],
  [String.raw`Image: 'a*b\?c'`],
  ["Image|endswith: 'b?c'"],
  ["CommandLine|contains: 'echo  \"aGk=\"'"],
  ["CommandLine|contains: 'base64 --decode'"],
  ["CommandLine|re: 'BASE.*D'"],
  ["CommandLine|contains|cased: 'BASH -C'"],
])("the line that is suggested for %s does match when it stands in the rule", (line) => {
  const fields = { ...bash, Image: String.raw`/opt/it's a*b?c\bash` };
  const [clause] = explain(selection(line), fields).unmet;
  const better = changed(clause?.change ?? "");
  expect(better).not.toBeNull();
  expect(compiled(better ?? "").matches(event(fields))).toBe(true);
});

describe("clauses of the condition", () => {
  test("of and, those that are not met; in the rule's words", () => {
    const answer = explain(
      "a:\n  Image|endswith: /bash\n  User: root\nb:\n  CommandLine|contains: base64\ncondition: a and b",
    );
    expect(answer).toMatchObject({ event: "event-1", met: 2, needed: 3, summary: bash.CommandLine });
    expect(answer.unmet).toEqual([
      {
        clause: "a: User",
        field: "User",
        wanted: "'root'",
        found: "lab",
        change: "the event has another value: add 'root' to the values of `User`".replace("'root'", "'lab'"),
      },
    ]);
  });

  test("of or, the branch of which most is met", () => {
    const detection = (condition: string): string =>
      `a:\n  Image: /x\n  User: root\nb:\n  Image|endswith: /bash\n  User: root\ncondition: ${condition}`;
    for (const condition of ["a or b", "b or a", "1 of *", "not (not a and not b)"]) {
      const answer = explain(detection(condition));
      expect([answer.met, answer.needed]).toEqual([1, 2]);
      expect(answer.unmet).toMatchObject([{ clause: "b: User" }]);
    }
  });

  test("of a list of maps, the map that came nearest; a field that is there is nearer than one that is not", () => {
    const answer = explain("a:\n  - OriginalFileName: zsh\n  - Image|endswith: /zsh\ncondition: a");
    expect(answer.unmet).toMatchObject([{ clause: "a: Image|endswith", found: "/usr/bin/bash" }]);
  });

  test("of all of, each one that is not met", () => {
    const answer = explain("s_a:\n  User: x\ns_b:\n  User: lab\ns_c:\n  User: y\ncondition: all of s_*");
    expect([answer.met, answer.needed]).toEqual([1, 3]);
    expect(answer.unmet.map(({ clause }) => clause)).toEqual(["s_a: User", "s_c: User"]);
  });

  test("of not, the exclusion that holds", () => {
    const answer = explain(
      "s:\n  Image|endswith: /bash\nfilter_a:\n  User: [x, lab]\nfilter_b:\n  User: y\ncondition: s and not 1 of filter_*",
    );
    expect([answer.met, answer.needed]).toEqual([2, 3]);
    expect(answer.unmet).toEqual([
      {
        clause: "not filter_a: User",
        field: "User",
        wanted: "not 'lab'",
        found: "lab",
        change:
          'the exclusion "filter_a" holds for this event: remove the value from it, or add a field that tells this event apart',
      },
    ]);
  });

  test("of not with several fields, one clause for all of them", () => {
    const answer = explain("f:\n  User: lab\n  ParentImage|endswith: /sshd\ncondition: not f");
    expect(answer.unmet).toMatchObject([
      {
        clause: "not f: User, ParentImage|endswith",
        field: null,
        wanted: "not User 'lab' and ParentImage|endswith '/sshd'",
        found: "User: lab, ParentImage: /usr/sbin/sshd",
      },
    ]);
  });

  test("keywords", () => {
    const answer = explain("k: [curl, wget]\ncondition: k");
    expect(answer.unmet).toMatchObject([
      { clause: "k: keywords", field: null, wanted: "any of 'curl', 'wget'", found: null },
    ]);
    const near = explain("k: ['base64  -d']\ncondition: k");
    expect(near.unmet).toMatchObject([
      { change: "the event writes it with other quotes or spaces: use `'base64 -d'`" },
    ]);
  });

  test("the log source, when the event is of another", () => {
    const rule = compiled(selection("Image|endswith: /bash"));
    const answer = rule.explain({ ...event(bash), logsource: { product: "windows" } });
    expect([answer.met, answer.needed]).toEqual([1, 3]);
    expect(answer.unmet).toMatchObject([
      { clause: "logsource: product", wanted: "linux", found: "windows" },
      { clause: "logsource: category", wanted: "process_creation", found: null },
    ]);
  });

  test("a rule that matches has nothing unmet", () => {
    expect(
      explain(selection("Image|endswith: [/sh, /bash]\nCommandLine|contains|all: [echo, bash]")),
    ).toMatchObject({
      met: 3,
      needed: 3,
      unmet: [],
    });
  });

  test("a rule that matches tells the values that did it, of the alternative that matches", () => {
    const detection =
      "a:\n  - Image|endswith: [/zsh, /bash]\n    User|neq: root\n  - Image: nothing\nb:\n  CommandLine|contains|all: [echo, base64]\nk: [curl, aGk]\nf:\n  User: x\ncondition: a and b and k and not f";
    expect(explain(detection).matched).toEqual([
      { clause: "a: Image|endswith", field: "Image", value: "'/bash'", found: "/usr/bin/bash" },
      { clause: "a: User|neq", field: "User", value: "not 'root'", found: "lab" },
      {
        clause: "b: CommandLine|contains|all",
        field: "CommandLine",
        value: "'echo' and 'base64'",
        found: bash.CommandLine,
      },
      { clause: "k: keywords", field: null, value: "'aGk'", found: null },
    ]);
    expect(explain(selection("Image|endswith: /zsh")).matched).toBeUndefined();
  });
});

describe("what is shown", () => {
  test.each([
    [{ Image: ["a", "b"] }, "'a', 'b'"],
    [{ Image: null }, "null"],
    [{ Image: { Name: "x" } }, "(an object)"],
    [{ Image: 5 }, "5"],
    [{}, null],
    [{ Image: "x".repeat(1000) }, `${"x".repeat(300)}…`],
  ])("%j", (fields, found) => {
    expect(explain(selection("Image: zzz"), fields).unmet[0]?.found).toBe(found);
  });

  test("long lists are cut", () => {
    const values = Array.from({ length: 20 }, (_, index) => `value-${index}`);
    const [clause] = explain(selection(`User: [${values.join(", ")}]`)).unmet;
    expect(clause?.wanted).toBe(
      "any of 'value-0', 'value-1', 'value-2', 'value-3', 'value-4', 'value-5' and 14 more",
    );
  });

  test("the same event always gets the same answer", () => {
    const detection = "a:\n  CommandLine|contains: [base64 --decode, curl]\nb: [x, y]\ncondition: a or b";
    const answers = Array.from({ length: 5 }, () => JSON.stringify(explain(detection)));
    expect(new Set(answers).size).toBe(1);
  });

  test("a long rule and a long event are explained quickly", () => {
    const values = Array.from({ length: 8_000 }, (_, index) => `'some text ${index} that is not there'`);
    const { rule } = compileSigma(
      ruleText(selection(`CommandLine|contains:\n${values.map((value) => `  - ${value}`).join("\n")}`)),
      "a.yml",
    );
    // Time of this process alone: other tests run on the same machine.
    const before = process.cpuUsage();
    const long = event({ ...bash, CommandLine: "some text that --is /not 'there' ".repeat(3000) });
    expect(rule?.explain(long).unmet).toHaveLength(1);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5_000);
  });
});
