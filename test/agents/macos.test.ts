import { XMLParser, XMLValidator } from "fast-xml-parser";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadGrammars, syntaxError } from "../../src/playbook/effects/grammar.js";

/**
 * No Mac takes part. The scripts run below a folder of the test, with stand-ins for what only a Mac has (launchctl, uname); the
 * configurations are read, and each is held to the others.
 */

const folder = resolve(import.meta.dirname, "../../agents/macos");
const text = (name: string): string => readFileSync(join(folder, name), "utf8");
const scripts = readdirSync(folder).filter((name) => name.endsWith(".sh"));
const lists = readdirSync(folder).filter((name) => name.endsWith(".plist"));

test.each(scripts)("%s follows the grammar of the shell, and downloads nothing", async (name) => {
  const grammars = await loadGrammars();
  expect(grammars.parse("shell", text(name), syntaxError)).toBeNull();
  expect(text(name)).not.toMatch(/\b(curl|wget|nc|eval)\b/);
});

describe("the property lists", () => {
  test.each(lists)("%s is well-formed", (name) => {
    expect(XMLValidator.validate(text(name))).toBe(true);
  });

  test("each daemon has its file's label, an absolute program, and writes where the logs are rotated", () => {
    const daemons = lists.filter((name) => text(name).includes("<key>KeepAlive</key>"));
    expect(daemons).toEqual(["org.tyrian.eslogger.plist", "org.tyrian.unifiedlog.plist"]);
    for (const name of daemons) {
      const { plist } = new XMLParser().parse(text(name)) as {
        plist: { dict: { string: string[]; array: { string: string[] } } };
      };
      const [label, log] = plist.dict.string;
      expect(`${label}.plist`).toBe(name);
      expect(text("settings.sh")).toContain(String(label));
      expect(plist.dict.array.string[0]).toMatch(/^\/usr\/bin\//);
      expect(log).toMatch(/^\/var\/log\/tyrian\/(?:eslogger|unifiedlog)\.ndjson$/);
      expect(text("rotate.sh")).toContain("for name in eslogger unifiedlog; do");
    }
  });

  test("starts of programs are among what eslogger is asked for", () => {
    expect(text("org.tyrian.eslogger.plist")).toContain("<string>exec</string>");
  });
});

/** Stand-ins for programs of a Mac. `sleep` is where the test's eslogger gets to write what it has seen. */
const standIns: Readonly<Record<string, string>> = {
  uname: '[ "$1" = -s ] && echo Darwin || echo 23.1.0',
  id: "echo 0",
  chown: ":",
  launchctl: `name=$(basename "\${3:-$2}" .plist)
case $1 in
print) [ -e "$MAC/running-$name" ] && echo "state = running" ;;
bootstrap) touch "$MAC/running-$name" ;;
bootout) rm "$MAC/running-$name" ;;
kickstart) echo "$name" >> "$MAC/started-again" ;;
esac`,
  sleep:
    '[ -e "$MAC/running-org.tyrian.eslogger" ] && [ -z "${BLIND-}" ] && echo "tyrian-check-$PPID" >> "$MAC/var/log/tyrian/eslogger.ndjson"',
};

describe("on what looks like a Mac", () => {
  let mac = "";
  const own = join("Library", "Preferences", "Logging", "Subsystems", "com.apple.appleevents.plist");

  beforeEach(() => {
    mac = mkdtempSync(join(tmpdir(), "tyrian-mac-"));
    cpSync(folder, join(mac, "agent"), { recursive: true });
    const settings = text("settings.sh").replace(/=(\/(?:Library|etc|var)\/)/g, `=${mac}$1`);
    writeFileSync(join(mac, "agent", "settings.sh"), settings);
    const rotate = text("rotate.sh").replace("=/var/", `=${mac}/var/`).replace("most=52428800", "most=5");
    writeFileSync(join(mac, "agent", "rotate.sh"), rotate);
    for (const path of ["bin", "Library/LaunchDaemons"]) mkdirSync(join(mac, path), { recursive: true });
    for (const [name, script] of Object.entries(standIns))
      writeFileSync(join(mac, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    // What the check looks for on every Mac.
    const check = text("check.sh").replaceAll("/usr/bin/osascript", "/bin/sh");
    writeFileSync(join(mac, "agent", "check.sh"), check);
  });
  afterEach(() => rmSync(mac, { recursive: true, force: true }));

  function run(
    script: string,
    options: { readonly arguments?: string[]; readonly environment?: Record<string, string> } = {},
  ): { readonly status: number | null; readonly lines: string[] } {
    const { status, stdout, stderr } = spawnSync(
      "sh",
      [join(mac, "agent", script), ...(options.arguments ?? [])],
      {
        encoding: "utf8",
        env: { PATH: `${join(mac, "bin")}:/usr/bin:/bin`, MAC: mac, ...options.environment },
      },
    );
    return { status, lines: `${stdout}${stderr}`.trim().split("\n") };
  }

  test("the installer sets all, a second time nothing, and the check then misses nothing", () => {
    expect(run("check.sh").status).toBe(1);
    const first = run("install.sh");
    expect(first.status, first.lines.join("\n")).toBe(0);
    expect(first.lines.filter((line) => line.startsWith("set: "))).toHaveLength(5);
    expect(run("check.sh")).toEqual({ status: 0, lines: ["nothing is missing"] });
    const second = run("install.sh");
    expect(second.lines.filter((line) => line.startsWith("set: "))).toEqual([]);
    expect(second.status).toBe(0);
  });

  test("the check says that eslogger is blind, which is so without Full Disk Access", () => {
    run("install.sh");
    const { status, lines } = run("check.sh", { environment: { BLIND: "yes" } });
    expect(status).toBe(1);
    expect(lines).toEqual([expect.stringContaining("Full Disk Access")]);
  });

  test("the check says which daemon does not run", () => {
    run("install.sh");
    rmSync(join(mac, "running-org.tyrian.unifiedlog"));
    expect(run("check.sh").lines).toEqual([expect.stringContaining("org.tyrian.unifiedlog does not run")]);
  });

  test("the uninstaller takes all away and puts back what an administrator had set", () => {
    mkdirSync(join(mac, own, ".."), { recursive: true });
    writeFileSync(join(mac, own), "the administrator's");
    run("install.sh");
    expect(readFileSync(join(mac, own), "utf8")).toBe(text("com.apple.appleevents.plist"));
    run("install.sh");
    expect(run("uninstall.sh", { arguments: ["--logs"] }).status).toBe(0);
    expect(readFileSync(join(mac, own), "utf8")).toBe("the administrator's");
    expect(readdirSync(join(mac, "Library", "LaunchDaemons"))).toEqual([]);
    expect(existsSync(join(mac, "var/log/tyrian"))).toBe(false);
    expect(existsSync(join(mac, "Library/Application Support/Tyrian"))).toBe(false);
    expect(readdirSync(mac).filter((name) => name.startsWith("running-"))).toEqual([]);
  });

  test("a log that is too long is kept by another name, four of them, and its daemon begins a new file", () => {
    run("install.sh");
    const log = join(mac, "var/log/tyrian/eslogger.ndjson");
    for (const content of [
      "the first of six",
      "the second",
      "the third",
      "the fourth",
      "the fifth",
      "short",
    ]) {
      writeFileSync(log, content);
      expect(run("../Library/Application Support/Tyrian/rotate.sh").status).toBe(0);
    }
    const kept = [1, 2, 3, 4].map((number) => readFileSync(`${log}.${number}`, "utf8"));
    expect(kept).toEqual(["the fifth", "the fourth", "the third", "the second"]);
    expect(readFileSync(log, "utf8")).toBe("short");
    expect(readFileSync(join(mac, "started-again"), "utf8")).toBe("org.tyrian.eslogger\n".repeat(5));
  });

  test("what is no Mac is refused", () => {
    writeFileSync(join(mac, "bin", "uname"), "#!/bin/sh\necho Linux\n", { mode: 0o755 });
    for (const script of ["install.sh", "check.sh", "uninstall.sh"])
      expect(run(script)).toEqual({ status: 1, lines: ["error: this is no Mac"] });
  });

  test.each([
    [["-e", "return 1"], "argument AppleScript"],
    [["-l", "JavaScript", "-e", "1", "-e", "2"], "argument JavaScript"],
    [["-l", "JavaScript", join(folder, "install.sh")], "file JavaScript"],
    [["-"], "stdin AppleScript"],
    [["-s", "so"], "stdin AppleScript"],
  ])("the stand-in for osascript takes %j", (given, recorded) => {
    const record = join(mac, "record");
    const said = run("osascript-recorder.sh", {
      arguments: given,
      environment: { OSASCRIPT_RECORD: record },
    });
    expect(said).toEqual({ status: 0, lines: ["recorded 4011"] });
    expect(readFileSync(record, "utf8")).toBe(`${recorded}\n`);
  });

  test.each([[["-e"]], [["--help"]], [["-l", "Perl", "-e", "1"]], [["/no/such/file"]]])(
    "the stand-in for osascript refuses %j, as osascript does",
    (given) => {
      const record = join(mac, "record");
      expect(
        run("osascript-recorder.sh", { arguments: given, environment: { OSASCRIPT_RECORD: record } }).status,
      ).not.toBe(0);
      expect(existsSync(record)).toBe(false);
    },
  );
});
