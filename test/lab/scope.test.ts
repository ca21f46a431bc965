import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  assertInScope,
  checkToken,
  isPrivateAddress,
  tokenCommand,
  windowsTokenCommand,
  deviceTokenOutput,
  windowsTokenOutput,
} from "../../src/lab/scope.js";
import { inventorySchema, type Inventory } from "../../src/model/inventory.js";
import { powershellTransportSchema, winrmTransportSchema } from "../../src/model/target.js";
import { execute } from "./helpers.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tyrian-scope-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function inventory(
  host: string,
  token: { path?: string; windowsPath?: string; value: string } = { value: "env:NONE" },
): Inventory {
  return inventorySchema.parse({
    name: "lab",
    token,
    targets: [
      {
        name: "one",
        platform: "linux",
        transport: {
          type: "ssh",
          host,
          user: "op",
          hostKey: "ssh-ed25519 AAAA",
          authentication: { type: "agent" },
        },
        sensor: { type: "none" },
      },
      { name: "here", platform: "linux", transport: { type: "local" }, sensor: { type: "none" } },
    ],
  });
}

const refused = { code: "target-out-of-scope", exit: 2 };

test("private addresses are in scope", async () => {
  for (const address of [
    ...[
      "10.0.0.1",
      "10.255.255.255",
      "172.16.0.1",
      "172.31.255.254",
      "192.168.1.1",
      "127.0.0.1",
      "169.254.7.7",
      "100.64.0.1",
    ],
    ...["::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "::ffff:10.1.2.3"],
  ]) {
    expect(isPrivateAddress(address), address).toBe(true);
    await expect(assertInScope(inventory(address), "one")).resolves.toMatchObject({ addresses: [address] });
  }
});

test("a host that is reached over WinRM keeps the name that its certificate holds when its address was checked", async () => {
  const lab = inventory("10.0.0.1");
  const transport = winrmTransportSchema.parse({
    type: "winrm",
    host: "win1.lab",
    authentication: { type: "kerberos" },
  });
  const named = { ...lab, targets: lab.targets.map((target) => ({ ...target, transport })) };
  await expect(assertInScope(named, "one", () => Promise.resolve(["10.0.0.7"]))).resolves.toMatchObject({
    target: { transport: { host: "10.0.0.7", serverName: "win1.lab" } },
  });
});

test("public, special and disguised addresses are refused", async () => {
  for (const address of [
    ...[
      "8.8.8.8",
      "172.15.255.255",
      "172.32.0.1",
      "192.167.0.1",
      "11.0.0.1",
      "100.128.0.1",
      "0.0.0.0",
      "255.255.255.255",
    ],
    ...["224.0.0.1", "169.254.169.254", "100.100.100.200", "fd00:ec2::254"],
    ...[
      "2001:4860:4860::8888",
      "::",
      "::ffff:8.8.8.8",
      "::ffff:808:808",
      "64:ff9b::808:808",
      "64:ff9b::a00:1",
      "2002:a00:1::",
      "::8.8.8.8",
    ],
    ...["::ffff:169.254.169.254", "fec0::1", "ff02::1", "FE00::1"],
  ]) {
    expect(isPrivateAddress(address), address).toBe(false);
    await expect(assertInScope(inventory(address), "one"), address).rejects.toMatchObject(refused);
  }
});

test("what the system would read as an address but people would not is refused unresolved", async () => {
  const never = (): Promise<string[]> => Promise.reject(new Error("was asked"));
  for (const host of [
    ...[
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "127.1",
      "10.1",
      "0x8.8.8.8",
      "8.8.2056",
      "1.2.3.4.5",
      "010.0.0.1",
      "10.0.0.1.",
    ],
    ...[
      "[::1]",
      "10.0.0.1:22",
      "10.0.0.1 ",
      " 10.0.0.1",
      "10.0.0.1\n",
      "op@10.0.0.1",
      "-oProxyCommand=x",
      "a b",
      "a..b",
      "xn--?",
      "٣.0.0.1",
    ],
  ]) {
    const error = await assertInScope(inventory(host), "one", never).catch((thrown: unknown) => thrown);
    expect(error, host).toMatchObject(refused);
    expect(String(error)).not.toContain("was asked");
  }
});

test("every address of a name counts, and the one that was checked is used", async () => {
  const answers = async (...addresses: string[]): Promise<unknown> =>
    await assertInScope(inventory("web.lab"), "one", () => Promise.resolve(addresses));
  await expect(answers("10.0.0.7", "fd00::7")).resolves.toMatchObject({
    target: { name: "one", transport: { host: "10.0.0.7" } },
  });
  await expect(answers("10.0.0.7", "93.184.216.34")).rejects.toMatchObject(refused);
  await expect(answers("2606:2800::1")).rejects.toMatchObject(refused);
  await expect(answers()).rejects.toMatchObject(refused);
  await expect(answers("not-an-address")).rejects.toMatchObject(refused);
  const fails = assertInScope(inventory("web.lab"), "one", () => Promise.reject(new Error("SERVFAIL")));
  await expect(fails).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining("SERVFAIL") as string,
  });
  await expect(assertInScope(inventory("localhost"), "one")).resolves.toBeDefined();
});

test("only targets of the inventory are in scope, by their exact name", async () => {
  await expect(assertInScope(inventory("10.0.0.1"), "here")).resolves.toMatchObject({ addresses: [] });
  for (const name of ["ONE", "one ", "", "two", "__proto__"]) {
    await expect(assertInScope(inventory("10.0.0.1"), name)).rejects.toMatchObject(refused);
  }
});

const TOKEN = "0123456789abcdef0123456789abcdef";

test("the token command prints the token in every shell, whatever the path, without starting a program", async () => {
  const path = join(folder, `it's a "$(token)" \\ here`);
  const lab = inventory("10.0.0.1", { path, value: `file:${path}` });
  for (const text of [TOKEN, `${TOKEN}\n`, `${TOKEN}\nmore\n`]) {
    writeFileSync(path, text);
    for (const shell of ["/bin/bash", "/bin/dash", "/bin/zsh", "/bin/busybox"].filter((name) =>
      existsSync(name),
    )) {
      const { stdout } = await execute(
        shell,
        [...(shell.endsWith("busybox") ? ["sh"] : []), "-c", tokenCommand(lab)],
        { env: { PATH: "/nowhere" } },
      ).catch((thrown: { stdout?: string }) => ({ stdout: thrown.stdout ?? "" }));
      expect(stdout, `${shell} ${JSON.stringify(text)}`).toBe(`${TOKEN}\n`);
    }
  }
  rmSync(path);
  const { stdout } = await execute("/bin/bash", ["-c", tokenCommand(lab)], { env: { tyrian_token: TOKEN } });
  expect(stdout).toBe("\n");
});

test("a Windows host's token is asked for with a word that cmd.exe and PowerShell share, and its line end is Windows'", async () => {
  expect(windowsTokenCommand(inventory("10.0.0.1"))).toBe(`type "C:\\ProgramData\\tyrian\\lab-token"`);
  for (const windowsPath of [
    `C:\\a" & calc & "`,
    "C:\\%TEMP%\\token",
    "C:\\$(calc)",
    "C:\\a`b",
    "token",
    "C:\\a\nb",
  ]) {
    const token = { value: "env:NONE", windowsPath };
    expect(() => inventory("10.0.0.1", token), windowsPath).toThrow();
  }
  const file = join(folder, "windows-token");
  writeFileSync(file, TOKEN);
  const lab = inventory("10.0.0.1", { value: `file:${file}` });
  for (const output of [TOKEN, `${TOKEN}\n`, `${TOKEN}\r\n`]) {
    await expect(
      checkToken(lab, windowsTokenOutput(output)),
      JSON.stringify(output),
    ).resolves.toBeUndefined();
  }
  for (const output of ["", "\r\n", `\ufeff${TOKEN}\r\n`, `${TOKEN}\r\n\r\n`, `${TOKEN} \r\n`, `x${TOKEN}`]) {
    await expect(checkToken(lab, windowsTokenOutput(output)), JSON.stringify(output)).rejects.toMatchObject({
      code: "lab-token-missing",
    });
  }
});

test("a host that PowerShell reaches is held to private addresses, and reached by the one that was checked", async () => {
  const lab = inventory("10.0.0.1");
  const through = (host: string): Inventory => {
    const transport = powershellTransportSchema.parse({
      type: "powershell",
      host,
      user: "op",
      hostKey: "ssh-ed25519 AAAA",
    });
    return { ...lab, targets: lab.targets.map((target) => ({ ...target, transport })) };
  };
  await expect(assertInScope(through("8.8.8.8"), "one")).rejects.toMatchObject(refused);
  await expect(
    assertInScope(through("win1.lab"), "one", () => Promise.resolve(["93.184.216.34"])),
  ).rejects.toMatchObject(refused);
  await expect(
    assertInScope(through("win1.lab"), "one", () => Promise.resolve(["10.0.0.7"])),
  ).resolves.toMatchObject({ target: { transport: { host: "10.0.0.7" } } });
});

describe("what a network device shows of its token", () => {
  const token = "0123456789abcdef0123";

  test.each([
    [` description tyrian-lab-token ${token}\n`],
    [`set interfaces lo0 description "tyrian-lab-token ${token}"\n`],
    [`snmp-server location tyrian-lab-token=${token}\n`],
  ])("is the word behind the mark: %j", (output) => {
    expect(deviceTokenOutput(output)).toBe(`${token}\n`);
  });

  test.each([
    "",
    "% Invalid input\n",
    " description tyrian-lab-token\n",
    ` description my-tyrian-lab-tokens ${token}\n`,
    ` description tyrian-lab-token ${token}\n description tyrian-lab-token ${token}\n`,
  ])("is nothing unless it is shown exactly once: %j", (output) => {
    expect(deviceTokenOutput(output)).toBe("");
  });
});

test("the token is checked whole", async () => {
  const file = join(folder, "token");
  writeFileSync(file, `${TOKEN}\n`);
  const lab = inventory("10.0.0.1", { value: `file:${file}` });
  await expect(checkToken(lab, `${TOKEN}\n`)).resolves.toBeUndefined();
  for (const output of [
    ...[
      "",
      "\n",
      TOKEN,
      `${TOKEN}\n\n`,
      `${TOKEN} \n`,
      ` ${TOKEN}\n`,
      `${TOKEN}\r\n`,
      `${TOKEN}\0\n`,
      TOKEN.slice(1),
      `x${TOKEN}\n`,
    ],
    ...[`${TOKEN}\n${TOKEN}\n`, `Welcome!\n${TOKEN}\n`, TOKEN.toUpperCase(), `${TOKEN}\n`.repeat(10_000)],
  ]) {
    const error = await checkToken(lab, output).catch((thrown: unknown) => thrown);
    expect(error, JSON.stringify(output.slice(0, 80))).toMatchObject({ code: "lab-token-missing" });
    expect(String(error)).not.toContain(TOKEN.slice(4, 12));
  }
});

test("a lab without a real token of its own accepts nothing", async () => {
  const file = join(folder, "weak");
  const lab = inventory("10.0.0.1", { value: `file:${file}` });
  for (const text of ["", "\n", "short", " ".repeat(40), `${TOKEN} ${TOKEN}`, `${TOKEN}\n\n`, `\n${TOKEN}`]) {
    writeFileSync(file, text);
    for (const output of ["", "\n", `${text}\n`, text]) {
      await expect(checkToken(lab, output)).rejects.toMatchObject({ code: "secret-unresolved" });
    }
  }
  await expect(
    checkToken(inventory("10.0.0.1", { value: "env:NOT_SET_ANYWHERE" }), "\n"),
  ).rejects.toMatchObject({
    code: "secret-unresolved",
  });
});
