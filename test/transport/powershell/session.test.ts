import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventsIn } from "../../../src/transport/powershell/messages.js";
import { powershellTarget, run, StandIn } from "./host.js";

let standIn: StandIn;
beforeEach(() => {
  standIn = new StandIn();
});
afterEach(() => standIn.stop());

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

test("no value gets out of its literal, whatever is in it", async () => {
  const session = await standIn.connect();
  const awkward = [
    ...[
      `a" 'b; calc; '`,
      "'",
      "''",
      "$(Get-Date)",
      "${x}",
      "`n`0`$",
      "@{a=1}",
      "%PATH%",
      "# comment",
      "-Command",
    ],
    ...[
      "two\nlines",
      "cr\r\nlf",
      "tab\t",
      "😀 ä ｑ ‘curly’ “quotes”",
      "2026-11-24T16:00:00Z",
      "null",
      "[]",
      "",
      "\u2028",
    ],
  ];
  for (const text of awkward) {
    const { stdout } = await run(session, `printf %s ${quoted(text)}; cat`, { stdin: `|${text}` });
    expect(stdout).toBe(`${text}|${text}`);
  }
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
      async (text) => {
        expect((await run(session, `printf %s ${quoted(text)}`)).stdout).toBe(text);
      },
    ),
    { numRuns: 20 },
  );
  expect(standIn.given("strange")).toEqual([]);
});

test("settings of the inventory stay data too, and ssh is held to the pinned key and the checked address", async () => {
  await standIn.connect({ user: "LAB\\op`$(x)", keyFile: "/keys/it is;here", port: 2222 });
  const [opened] = standIn.given("open") as {
    port: number;
    texts: Record<string, string>;
    options: Record<string, string>;
  }[];
  const plain = (texts: Record<string, string> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, Buffer.from(text, "base64").toString()]),
    );
  expect(opened?.port).toBe(2222);
  expect(plain(opened?.texts)).toEqual({
    HostName: "127.0.0.1",
    UserName: "LAB\\op`$(x)",
    Subsystem: "powershell",
    KeyFilePath: "/keys/it is;here",
  });
  const { UserKnownHostsFile: file = "", ...options } = plain(opened?.options);
  expect(readFileSync(file, "utf8")).toBe("tyrian ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n");
  expect(options).toMatchObject({
    ...{ HostName: "127.0.0.1", HostKeyAlias: "tyrian", ProxyCommand: "none", ProxyJump: "none" },
    ...{
      StrictHostKeyChecking: "yes",
      GlobalKnownHostsFile: "none",
      BatchMode: "yes",
      IdentitiesOnly: "yes",
    },
  });
  expect(Object.values({ file, ...options }).filter((value) => /[\s"']/.test(value))).toEqual([]);
  expect(standIn.given("strange")).toEqual([]);
});

test.each([
  { user: "op -oProxyCommand=x" },
  { user: "-oProxyCommand=x" },
  { user: `a"b` },
  { subsystem: "power shell" },
  { keyFile: `a" -o ProxyCommand="x` },
  { hostKey: "ssh-ed25519 AAAA\n* ssh-ed25519 BBBB" },
  { hostKey: `SHA256:${"A".repeat(43)}` },
])("refuses in the inventory what ssh would read as options, or cannot be pinned: %j", (changes) => {
  expect(() => powershellTarget(changes)).toThrow();
});

test("pwsh is started without profile and prompts, and with nothing of our environment that it does not need", async () => {
  Object.assign(standIn.environment, { NODE_POWERSHELL: "/bin/false", SIEM_PASSWORD: "secret" });
  await standIn.connect();
  expect(standIn.given("arguments")).toEqual([
    ["-NoLogo", "-NoProfile", "-NonInteractive", "-NoExit", "-Command", "-"],
  ]);
  const [environment = {}] = standIn.given("environment") as Record<string, string>[];
  expect(environment).toMatchObject({ PATH: standIn.environment.PATH, POWERSHELL_TELEMETRY_OPTOUT: "1" });
  expect(Object.keys(environment)).not.toContain("NODE_POWERSHELL");
  expect(JSON.stringify(environment)).not.toContain("secret");
});

test("what pwsh writes on stderr, or before the trailer, changes nothing", async () => {
  for (const effect of ["stderr", "noise"]) {
    standIn.behave({ on: "exchange", effect });
    const session = await standIn.connect();
    expect(await run(session, "echo out; echo err >&2; exit 3")).toMatchObject({
      ...{ ending: "exited", exitCode: 3, stdout: "out\n", stderr: "err\n" },
    });
  }
});

test("100 MB of output come whole, and in pieces that are bounded", async () => {
  const session = await standIn.connect();
  const hash = createHash("sha256");
  let [bytes, longest] = [0, 0];
  const result = await run(session, "head -c 100000000 /dev/zero", {
    capBytes: 1000,
    evidencePrefix: join(standIn.folder, "evidence"),
    deadlineMs: 120_000,
    onOutput: (_stream, chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      longest = Math.max(longest, chunk.length);
    },
  });
  expect(result).toMatchObject({ ending: "exited", exitCode: 0, truncated: { stdout: true } });
  expect([bytes, result.stdout.length, longest <= 65_536]).toEqual([100_000_000, 1000, true]);
  expect(hash.digest("hex")).toBe(createHash("sha256").update(Buffer.alloc(100_000_000)).digest("hex"));
}, 180_000);

test.each([
  [0, 0],
  [3_221_225_786, 3_221_225_786],
  [-1_073_741_510, 3_221_225_786],
  [-1, 4_294_967_295],
])("the exit code %i is %i: 32 bits without a sign", (told, code) => {
  expect(eventsIn(JSON.stringify({ events: [{ id: "c1", exit: told }] }))).toEqual([
    { id: "c1", exit: code },
  ]);
});

test("a Windows host's command line is held to what cmd.exe reads", async () => {
  standIn.behave({ on: "open", effect: "none", host: { windows: true } });
  const session = await standIn.connectTo(powershellTarget({}, "windows"));
  await expect(run(session, "x".repeat(8_192))).rejects.toMatchObject({ code: "command-too-long" });
  await expect(run(session, "echo a\necho b")).rejects.toMatchObject({ code: "transport-failed" });
  expect(standIn.given("exchange")).toEqual([]);
});

test("a null character is refused, and a command that cannot be started was not run", async () => {
  const session = await standIn.connect();
  await expect(run(session, "echo a\0b")).rejects.toMatchObject({ code: "transport-failed" });
  await expect(run(session, `: ${"x".repeat(200_000)}`)).rejects.toMatchObject({
    code: "transport-failed",
    message: expect.stringContaining("was not run") as string,
  });
  expect((await run(session, "echo on")).stdout).toBe("on\n");
});
