import { describe, expect, test } from "vitest";
import { lint, place, scalar, show } from "./support.js";

async function placesOf(changes: Record<string, string>): Promise<string[]> {
  return (await lint(changes)).map(place);
}

const written = { run: "echo hello > x; cat x", effects: "[work-folder]" };
const cleaned = { run: "rm -f {{work}}/x", probe: "test ! -e {{work}}/x" };
const cleanup = (changes: Partial<typeof cleaned>): string => JSON.stringify({ ...cleaned, ...changes });

test("a sound procedure has no diagnostic", async () => {
  expect(await lint({})).toEqual([]);
  expect(await lint({ ...written, cleanup: cleanup({}) })).toEqual([]);
});

describe("effects", () => {
  test("what is not declared is an error where it stands, with what to do", async () => {
    const diagnostics = await lint({ run: scalar("echo hello; curl http://x") });
    expect(diagnostics.map(show)).toEqual([
      '10:23 undeclared-effect the effect "network" is not declared: curl uses the network add "network" to effects, or change the code',
    ]);
    expect(diagnostics[0]?.severity).toBe("error");
  });

  test("positions are exact in code of several lines", async () => {
    const run = "|\n      echo hello\n      if true; then\n        wget http://x\n      fi";
    expect(await placesOf({ run })).toEqual(["13:9 undeclared-effect"]);
  });

  test("positions are those of the template, not of what was filled in", async () => {
    const changes = {
      arguments: "{ word: { type: string, default: a much longer text than its placeholder } }",
      run: scalar("echo hello {{word}}; curl http://x"),
    };
    expect(await placesOf(changes)).toEqual(["10:32 undeclared-effect"]);
  });

  test("a placeholder for a command's name is judged by its value, at its own place", async () => {
    const changes = {
      arguments: "{ tool: { type: string, default: id } }",
      variants: "[ { tool: id }, { tool: curl } ]",
      run: scalar("echo hello; {{tool}} -x"),
    };
    expect(await placesOf(changes)).toEqual(["10:23 undeclared-effect"]);
  });

  test("a declared effect that nothing has is a warning at its entry", async () => {
    const diagnostics = await lint({
      effects: "[network, credentials]",
      run: "curl http://x; echo hello",
      cleanup: cleanup({}),
    });
    expect(diagnostics.map(({ severity, ...rest }) => `${severity} ${place({ severity, ...rest })}`)).toEqual(
      ["warning 11:24 effect-not-needed"],
    );
  });

  test("an effect that is declared twice is a warning", async () => {
    expect(
      await placesOf({ ...written, effects: "[work-folder, work-folder]", cleanup: cleanup({}) }),
    ).toEqual(["11:28 duplicate-effect"]);
  });

  test.each([
    ["files", `[ { name: a.py, content: import socket } ]`, /^15:\d+ undeclared-effect .*"network"/],
    [
      "files",
      `[ { name: run, executable: true, content: "#!/usr/bin/env node\\nfetch('x')" } ]`,
      /undeclared-effect .*"network"/,
    ],
    ["requires", `[ { check: curl -s http://x } ]`, /^15:\d+ undeclared-effect .*"network"/],
    [
      "proof",
      `{ command: { run: cat /etc/shadow, stdout: { contains: root } } }`,
      /^12:\d+ undeclared-effect .*"credentials"/,
    ],
    [
      "interpreter",
      `{ program: bash, via: argument, options: [ --rcfile, /tmp/x ] }`,
      /^9:\d+ undeclared-effect .*"computed-code"/,
    ],
    [
      "interpreter",
      `{ program: node, via: stdin, options: [ -r, ./x.js ] }`,
      /undeclared-effect .*"computed-code"/,
    ],
    [
      "twin",
      `{ name: t, run: curl http://x, proof: { stdout: { contains: a } } }`,
      /^15:\d+ undeclared-effect .*"network"/,
    ],
  ])("they are looked for in %s too: %s", async (key, value, expected) => {
    const found = (
      await lint({
        [key]: value,
        ...(key === "interpreter" && value.includes("node") ? { run: "console.log('hello')" } : {}),
      })
    ).map(show);
    expect(
      found.some((line) => expected.test(line)),
      found.join("\n"),
    ).toBe(true);
  });

  test("each program of a list reads the code for itself", async () => {
    const diagnostics = await lint({ interpreter: "{ program: [bash, perl], via: argument }" });
    expect(diagnostics.map(show)).toEqual([expect.stringMatching(/^10:10 undeclared-effect .*perl/)]);
  });

  test("an interpreter with a space in its name is an error", async () => {
    expect(await placesOf({ interpreter: "{ program: busybox sh, via: argument }" })).toContain(
      "9:29 interpreter-invalid",
    );
  });
});

describe("syntax errors stand where the code goes wrong", () => {
  test.each([
    ["bash", scalar("echo hello; if true; then"), /^10:\d+ syntax-error .*\(shell\)/],
    ["bash", "|\n      echo hello\n      echo 'open", /^12:\d+ syntax-error/],
    ["python3", scalar("print('hello'"), /^10:\d+ syntax-error .*\(python\)/],
    ["node", scalar("console.log('hello'"), /^10:\d+ syntax-error .*\(javascript\)/],
    ["lua", scalar("print('hello'"), /^10:\d+ syntax-error .*\(lua\)/],
    ["bash", scalar(`python3 -c 'print(' ; echo hello`), /^10:\d+ syntax-error .*\(python\)/],
  ])("%s: %s", async (program, run, expected) => {
    const found = (await lint({ interpreter: `{ program: ${program}, via: argument }`, run })).map(show);
    expect(found[0]).toMatch(expected);
  });

  test("in a cleanup and a probe as well", async () => {
    const found = await placesOf({ ...written, cleanup: cleanup({ run: "rm -f 'x", probe: "test ! -e (" }) });
    expect(found.map((one) => one.replace(/^\d+:\d+ /, ""))).toEqual(
      expect.arrayContaining(["syntax-error", "syntax-error"]),
    );
  });
});

describe("templates", () => {
  const word = { arguments: "{ word: { type: string, default: a } }" };

  test.each([
    ["echo hello {{wrod}}", '10:22 unknown-placeholder there is no argument "wrod" did you mean "word"?'],
    [
      "echo hello {{",
      `10:22 template-invalid "{{" begins no placeholder here write "{{{{" for a literal "{{"`,
    ],
    [
      "echo hello {{ 1 }}",
      `10:22 template-invalid "{{" begins no placeholder here write "{{{{" for a literal "{{"`,
    ],
  ])("%s", async (run, expected) => {
    expect((await lint({ ...word, run: scalar(run) })).map(show)).toEqual([expected]);
  });

  test.each([
    ["bash", 'echo hello "{{word}}"'],
    ["bash", "echo hello '{{word}}'"],
    ["bash", "echo hello '{{word}}' 'b'"],
    ["bash", "echo hello # {{word}}"],
    ["bash", "cat <<EOF\n{{word}}\nEOF\necho hello"],
    ["bash", "cat <<'EOF'\n{{word}}\nEOF\necho hello"],
    ["bash", 'echo "hello ${x:-{{word}}}"'],
    ["bash", "echo $'hello {{word}}'"],
    ["python3", "print('hello {{word}}')"],
    ["python3", 'print("""hello {{word}}""")'],
    ["python3", "print('hello') # {{word}}"],
    ["node", "console.log('hello {{word}}')"],
    ["node", "console.log(`hello {{word}}`)"],
    ["node", "console.log('hello') // {{word}}"],
    ["lua", "print('hello {{word}}')"],
    ["lua", "print([[hello {{word}}]])"],
    ["lua", "print('hello') -- {{word}}"],
  ])("a placeholder inside quotes, a here-document or a comment is refused: %s: %s", async (program, run) => {
    const found = await lint({
      ...word,
      interpreter: `{ program: ${program}, via: argument }`,
      run: scalar(run),
    });
    expect(found.map(({ code }) => code)).toContain("placeholder-in-quotes");
  });

  test.each([
    ["bash", "echo hello {{word}}"],
    ["bash", "echo hello-{{word}}-x"],
    ["bash", 'echo "hello $(echo {{word}})"'],
    ["bash", "x={{word}}; echo hello"],
    ["python3", "print('hello', {{word}})"],
    ["node", "console.log(`hello ${ {{word}} }`)"],
    ["lua", "print('hello' .. {{word}})"],
  ])("outside of them it is accepted: %s: %s", async (program, run) => {
    expect(
      (await lint({ ...word, interpreter: `{ program: ${program}, via: argument }`, run: scalar(run) })).map(
        show,
      ),
    ).toEqual([]);
  });

  test("a number may stand anywhere", async () => {
    const changes = {
      arguments: "{ count: { type: integer, default: 3 } }",
      run: scalar('echo "hello {{count}}"'),
    };
    expect(await lint(changes)).toEqual([]);
  });

  test("quotes are known for no other language", async () => {
    const found = await lint({
      ...word,
      interpreter: "{ program: perl, via: argument }",
      run: scalar("print {{word}}"),
    });
    expect(found.map(place)).toContain("10:17 placeholder-unquotable");
  });
});

describe("arguments and variants", () => {
  test.each([
    ["{ work: { type: string, default: a } }", "[ {} ]", ["15:18 reserved-argument"]],
    ["{ word: { type: integer, default: a } }", "[ {} ]", ["15:50 argument-invalid"]],
    ["{ word: { type: string, default: 3 } }", "[ {} ]", ["15:49 argument-invalid"]],
    ["{ word: { type: integer, default: 1.5 } }", "[ {} ]", ["15:50 argument-invalid"]],
    ["{ word: { type: string, default: a, choices: [b, c] } }", "[ {} ]", ["15:49 argument-invalid"]],
    ["{ word: { type: string, default: a, choices: [a, 3] } }", "[ {} ]", ["15:65 argument-invalid"]],
    ["{ word: { type: string, default: a, pattern: '[0-9]+' } }", "[ {} ]", ["15:49 argument-invalid"]],
    ["{ word: { type: string, default: a, pattern: '[' } }", "[ {} ]", ["15:61 regex-invalid"]],
    ["{ word: { type: string, default: a } }", "[ { wrod: b } ]", ["16:19 unknown-argument"]],
    ["{ word: { type: string, default: a } }", "[ { word: 3 } ]", ["16:25 argument-invalid"]],
    [
      "{ word: { type: string, default: a, pattern: 'a|b' } }",
      "[ { word: ab } ]",
      ["16:25 argument-invalid"],
    ],
  ])("%s with %s", async (given, variants, expected) => {
    expect(await placesOf({ arguments: given, variants })).toEqual(expected);
  });

  test("the name that was meant is proposed", async () => {
    const [first] = await lint({
      arguments: "{ word: { type: string, default: a } }",
      variants: "[ { wrod: b } ]",
    });
    expect(first?.hint).toBe('did you mean "word"?');
  });
});

describe("cleanups", () => {
  test("an effect that stays needs one", async () => {
    expect(await placesOf(written)).toEqual(["13:14 cleanup-missing"]);
  });

  test("computed code alone needs none", async () => {
    expect(await placesOf({ run: 'echo hello; eval "$x"', effects: "[computed-code]" })).toEqual([]);
  });

  test("without an effect there is nothing to undo", async () => {
    const diagnostics = await lint({ cleanup: cleanup({}) });
    expect(diagnostics.map(({ severity, code }) => [severity, code])).toEqual([
      ["warning", "cleanup-not-needed"],
    ]);
  });

  test.each([
    "rm -rf /tmp/other",
    "rm -rf /",
    "rm -rf {{work}}/..",
    'rm -rf "$HOME"',
    "rm -rf /*",
    "find / -delete",
    "cd /; rm -rf *",
    "pkill -f python",
    "kill -9 1",
    "mkfs /dev/sda",
    "reboot",
    "sed -i d /etc/hosts",
    "shred /dev/sda",
    "userdel root",
  ])("it may not destroy what the procedure did not make: %s", async (run) => {
    expect((await lint({ ...written, cleanup: cleanup({ run }) })).map(({ code }) => code)).toContain(
      "cleanup-destructive",
    );
  });

  test("it may remove what the procedure made elsewhere", async () => {
    const changes = {
      run: "echo hello | tee /tmp/mine",
      effects: "[outside-work-folder]",
      cleanup: cleanup({ run: "rm -f /tmp/mine", probe: "test ! -e /tmp/mine" }),
    };
    expect(await placesOf(changes)).toEqual([]);
  });

  test("it may end the process that the procedure left", async () => {
    const changes = {
      run: "sleep 60 & echo hello",
      effects: "[background-process]",
      cleanup: cleanup({ run: "pkill -f 'sleep 60'", probe: "! pgrep -f 'sleep 60'" }),
    };
    expect(await placesOf(changes)).toEqual([]);
  });

  test("it declares its other effects like all code", async () => {
    expect(
      (await lint({ ...written, cleanup: cleanup({ run: "curl http://x; rm -f {{work}}/x" }) })).map(
        ({ code }) => code,
      ),
    ).toEqual(["undeclared-effect"]);
  });
});

describe("probes and requirements must be able to fail", () => {
  const constant = [
    "true",
    ":",
    "exit 0",
    "exit 256",
    "test -e x || true",
    "test -e x || :",
    "test -e x; true",
    "test -e x; exit 0",
    "{ test -e x; true; }",
    "(test -e x; exit 0)",
    "test -e x | true",
    "! false",
    "echo clean",
    "[ 1 -eq 1 ]",
    "test -n x",
    "[[ a == a ]]",
    "if test -e x; then true; fi",
    "if test -e x; then true; else exit 0; fi",
    "true > /dev/null",
    "x=1",
    "true && true",
    "false || true",
    "# nothing",
    "/bin/true",
    "command true",
    "\\true",
    "test -e x &",
    "if test -e x; then true; elif test -e y; then :; else exit 0; fi",
    "test -e x && exit 0 || exit 0",
  ];

  test.each(constant)("a probe: %s", async (probe) => {
    expect((await lint({ ...written, cleanup: cleanup({ probe }) })).map(({ code }) => code)).toContain(
      "probe-cannot-fail",
    );
  });

  test.each(constant)("a requirement: %s", async (check) => {
    expect((await lint({ requires: `[ { check: ${scalar(check)} } ]` })).map(({ code }) => code)).toContain(
      "requirement-cannot-fail",
    );
  });

  test.each([
    "false",
    "exit 1",
    "! true",
    "true && false",
    "test -e x; false",
    "false; exit 3",
    "(test -e x && exit 1) || exit 1",
  ])("a probe that never finds the target clean: %s", async (probe) => {
    expect((await lint({ ...written, cleanup: cleanup({ probe }) })).map(({ code }) => code)).toContain(
      "probe-cannot-succeed",
    );
  });

  test.each([
    "test ! -e {{work}}/x",
    "! test -e {{work}}/x",
    "[ ! -e {{work}}/x ]",
    "[[ ! -e {{work}}/x ]]",
    "! grep -q x {{work}}/x",
    "ls {{work}}/x && exit 1 || exit 0",
    "if test -e {{work}}/x; then exit 1; fi",
    "test -e {{work}}/x && false || true && test ! -e {{work}}/y",
    "set -e; test ! -e {{work}}/x; true",
    "test ! -e {{work}}/x || exit 1; true",
    'test -z "$(ls {{work}})"',
    ": < {{work}}/x",
    "if test -e {{work}}/x; then true; elif test -e {{work}}/y; then false; fi",
    "test -e {{work}}/x && exit 1; exit 0",
    'for f in {{work}}/x; do test ! -e "$f" || exit 1; done',
  ])("a probe that can do both: %s", async (probe) => {
    expect((await lint({ ...written, cleanup: cleanup({ probe }) })).map(({ code }) => code)).toEqual([]);
  });
});

describe("proofs must be able to fail", () => {
  test.each([
    ["{ stdout: { matches: '.*' } }", ["12:33 proof-cannot-fail"]],
    ["{ stdout: { matches: '^' } }", ["12:33 proof-cannot-fail"]],
    ["{ stdout: { matches: 'a|' } }", ["12:33 proof-cannot-fail"]],
    ["{ stdout: { equals: '' } }", ["12:32 proof-cannot-fail"]],
    ["{ stderr: { equals: '' } }", ["12:12 proof-cannot-fail"]],
    ["{ stdout: { matches: '(' } }", ["12:33 regex-invalid"]],
    ["{ command: { run: id, stdout: { matches: 'x*' } } }", ["12:53 proof-cannot-fail"]],
  ])("%s", async (proof, expected) => {
    expect(await placesOf({ proof })).toEqual(expected);
  });

  test("a placeholder that is empty proves nothing", async () => {
    const changes = {
      arguments: `{ word: { type: string, default: "" } }`,
      run: scalar("echo hello {{word}}"),
      proof: `{ stdout: { contains: "{{word}}" } }`,
    };
    expect(await placesOf(changes)).toEqual([expect.stringMatching(/proof-cannot-fail$/)]);
  });

  test("an empty error output may stand beside other evidence", async () => {
    expect(await placesOf({ proof: "{ stdout: { contains: hello }, stderr: { equals: '' } }" })).toEqual([]);
  });
});

describe("twins and expectations", () => {
  const proof = "proof: { stdout: { contains: a } }";

  test("a twin that does the same as its procedure is an error", async () => {
    expect(await placesOf({ twin: `{ name: t, run: echo hello, ${proof} }` })).toEqual([
      "15:27 twin-identical",
    ]);
    expect(await placesOf({ twin: `{ name: t, run: echo other, ${proof} }` })).toEqual([]);
    expect(
      await placesOf({
        twin: `{ name: t, interpreter: { program: dash, via: argument }, run: echo hello, ${proof} }`,
      }),
    ).toEqual([]);
  });

  test("what a twin inherits is reported where its procedure says it", async () => {
    const found = await lint({
      ...written,
      cleanup: cleanup({}),
      twin: `{ name: t, run: echo other, ${proof} }`,
    });
    expect(found.map(place)).toEqual(["11:15 effect-not-needed"]);
  });

  test.each([
    ["[ { analytic: a.yml }, { analytic: a.yml } ]", ["error 14:48 duplicate-expectation"]],
    ["[ { analytic: a.yml, outcome: quiet } ]", ["error 14:43 expectation-invalid"]],
    ["[ { analytic: a.yml, outcome: logged } ]", ["warning 14:43 because-missing"]],
    ["[ { analytic: a.yml, outcome: logged, because: x } ]", []],
  ])("%s", async (expectations, expected) => {
    const found = await lint({ expect: expectations });
    expect(found.map((one) => `${one.severity} ${place(one)}`)).toEqual(expected);
  });
});
