import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TyrianError } from "../../../errors.js";
import { makeHostFolder, OPERATOR, writeHostFile } from "../accounts.js";
import { findProgram, must } from "../commands.js";
import { hostFolder } from "../host.js";
import { MARKER, type LabPlace } from "../state.js";
import type { LabHost } from "../types.js";
import { FIXED_LAYOUT, PREFIX, SCRIPTS, WINE } from "./names.js";

/** Names of the variables that every Windows process has, one a line, in small letters; beside the template. */
const VARIABLES = "tyrian-variables";

/**
 * For a desktop Wine starts an explorer that all processes of the host share: the first command that needs one would have it in its own
 * session, and end it with itself while others wait for it, up to 10 s each time. Without an explorer Wine does without, and sooner.
 */
const NO_EXPLORER = String.raw`'HKCU\Software\Wine\DllOverrides' /v explorer.exe /t REG_SZ /d '' /f`;

/** Milliseconds; it takes 7 to 22 s. */
const TEMPLATE_DEADLINE = 180_000;

/** Wine writes straight into these, so a clone has copies and no links. */
const registry = ["system.reg", "user.reg", "userdef.reg"];

/** @throws TyrianError `requirement-missing` with the one command that installs Wine. */
export function requireWine(): void {
  if (existsSync(WINE) && findProgram("wineboot") !== null) return;
  throw new TyrianError("requirement-missing", "a host of the profile windows-wine needs Wine", {
    hint: "apt-get install -y --no-install-recommends wine64 wine",
  });
}

/**
 * Makes the prefix from which those of all hosts are cloned, below the state folder: once for each version of Wine, and of what is
 * done here. It belongs to root and is made for a user of the operator's name: the name is part of paths in it.
 * @returns its folder
 * @throws TyrianError `lab-failed`
 */
export async function wineTemplate(place: LabPlace): Promise<string> {
  const { fresh, users } = halfTemplate(place);
  const script = [
    "set -e",
    `mount --bind ${users} /etc/passwd`,
    "wineboot -i > /dev/null 2>&1",
    `${WINE} reg add ${NO_EXPLORER} > /dev/null`,
    `${WINE} cmd /c set > ${fresh}/names`,
    // The registry is written when the last process is gone.
    "wineserver -k",
    "wineserver -w",
  ].join("\n");
  const version = (await must(WINE, ["--version"])).replaceAll(/[^\w.~-]+/g, "-");
  const digest = createHash("sha256").update(script).digest("hex").slice(0, 8);
  const made = join(place.state, `wine-template-${version}-${digest}`);
  if (existsSync(made)) return made;
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(users, `${OPERATOR}:x:0:0::/home/${OPERATOR}:/bin/sh\n`);
  const namespaces = [
    ...["--mount", "--propagation", "private", "--pid", "--fork"],
    ...["--kill-child", "--mount-proc"],
  ];
  await must("unshare", [...namespaces, ...FIXED_LAYOUT.split(" "), "sh", "-c", script], {
    deadlineMs: TEMPLATE_DEADLINE,
    environment: {
      ...{ WINEPREFIX: fresh, WINEDEBUG: "-all", HOME: `/home/${OPERATOR}`, LC_ALL: "C.UTF-8" },
      // Nothing of the desktop, and no download of what runs .NET and HTML.
      ...{ WINEDLLOVERRIDES: "winemenubuilder.exe=d;mscoree,mshtml=", [MARKER]: place.id },
    },
  });
  const names = readFileSync(join(fresh, "names"), "latin1")
    .split(/\r?\n/)
    .flatMap((line) => (line.includes("=") ? [line.slice(0, line.indexOf("=")).toLowerCase()] : []))
    // What the making itself brought along, not Windows.
    .filter((name) => !name.startsWith("wine") && name !== MARKER.toLowerCase());
  writeFileSync(join(fresh, VARIABLES), names.map((name) => `${name}\n`).join(""));
  // The last names the server of this prefix.
  for (const file of ["names", "wineserver"]) rmSync(join(fresh, file), { force: true });
  rmSync(users);
  renameSync(fresh, made);
  return made;
}

/** Removes what is left of a template whose making was interrupted. Whole ones stay, for the next lab. */
export function removeHalfTemplate(place: LabPlace): void {
  for (const file of Object.values(halfTemplate(place))) rmSync(file, { recursive: true, force: true });
}

function halfTemplate(place: LabPlace): { fresh: string; users: string } {
  return {
    fresh: join(place.state, "wine-template.new"),
    users: join(place.state, "wine-template.passwd"),
  };
}

/**
 * Gives a host its prefix: its files are links to those of the template, which belong to root, so that no host can write into
 * them; its folders are the operator's.
 * @throws TyrianError `lab-failed`
 */
export async function clonePrefix(
  place: LabPlace,
  host: LabHost,
  template: string,
  token: string,
): Promise<void> {
  const prefix = join(hostFolder(place, host), "prefix");
  await must("cp", ["-al", template, prefix], { deadlineMs: 60_000 });
  for (const file of registry) rmSync(join(prefix, file));
  await must("cp", [...registry.map((file) => join(template, file)), prefix]);
  makeHostFolder(prefix, `drive_c/${SCRIPTS}`, 0o755);
  const owner = `${String(host.operator)}:${String(host.operator)}`;
  await must("find", [prefix, "-type", "d", "-exec", "chown", "-h", owner, "{}", "+"]);
  await must("chown", [owner, ...registry.map((file) => join(prefix, file))]);
  // Root's, as on every host, where the inventory says that Windows hosts have it.
  writeHostFile(join(prefix, "drive_c"), "ProgramData/tyrian/lab-token", `${token}\n`, 0o444);
  const layer = join(hostFolder(place, host), "layer");
  makeHostFolder(layer, PREFIX, 0o755);
  // Without one, a library that Wine uses complains on the standard error of every program.
  writeHostFile(
    layer,
    "etc/fonts/fonts.conf",
    "<fontconfig><cachedir>/tmp/.fontconfig</cachedir></fontconfig>\n",
  );
  writeHostFile(layer, "etc/tyrian/windows-variables", readFileSync(join(template, VARIABLES), "latin1"));
}
