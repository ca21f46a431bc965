import { generateKeyPairSync, sign } from "node:crypto";
import { makeHostFolder, OPERATOR, writeHostFile } from "../accounts.js";
import type { LabHost } from "../types.js";
import { CONFINED, TYPESETTER } from "./documents.js";
import { GATES, refusal } from "./names.js";
import { OPENER, prepareWeb } from "./web.js";

/** The script that every host has with its signature: what a gate for signed scripts must let through. */
const SIGNED_SCRIPT = "echo signed $((1337 * 3))\n";

/**
 * Writes what a host of the profile has beside the files of any host; those are written before. A host without mitigations has the same
 * gates, which let everything through.
 * @param layer the host's own files
 */
export function prepareMitigations(layer: string, host: Pick<LabHost, "mitigated">): void {
  const gates = GATES.slice(1);
  makeHostFolder(layer, gates, 0o755);
  for (const [name, lines] of Object.entries(host.mitigated ? closedGates : openGates)) {
    writeHostFile(layer, `${gates}/${name}`, ["#!/bin/sh", ...lines, ""].join("\n"), 0o755);
  }
  writeHostFile(layer, `${gates}/confined`, CONFINED, 0o755);
  prepareWeb(layer, host);
  writeHostFile(layer, `${gates}/signatures.ndb`, signatures());
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  writeHostFile(layer, `${gates}/signer.pem`, publicKey.export({ type: "spki", format: "pem" }) as string);
  writeHostFile(layer, `${gates}/greeting.sh`, SIGNED_SCRIPT);
  const signature = sign("sha256", Buffer.from(SIGNED_SCRIPT), privateKey);
  writeHostFile(layer, `${gates}/greeting.sh.sig`, signature);
  const may = host.mitigated ? "/usr/bin/id" : "ALL";
  const rules = [
    "Defaults !authenticate",
    "Defaults logfile=/var/log/sudo.log",
    `${OPERATOR} ALL=(root) ${may}`,
    "",
  ];
  writeHostFile(layer, "etc/sudoers", rules.join("\n"), 0o440);
  const pam = ["account", "session"].map((type) => `${type} required pam_permit.so\n`).join("");
  writeHostFile(layer, "etc/pam.d/sudo", pam);
}

const administrator = ['exec /usr/bin/sudo -n -- /usr/bin/python3 "$1"'];
const runScript = 'exec /bin/sh "$1"';

const openGates: Readonly<Record<string, readonly string[]>> = {
  administrator,
  "guest-shell": ['exec /bin/bash "$@"'],
  verified: [runScript],
  scanned: [runScript],
  opened: OPENER,
  typeset: TYPESETTER.open,
};

const closedGates: Readonly<Record<string, readonly string[]>> = {
  administrator,
  "guest-shell": ['exec /bin/rbash "$@"'],
  verified: [
    `/usr/bin/openssl dgst -sha256 -verify ${GATES}/signer.pem -signature "$1.sig" "$1" >/dev/null 2>&1 || {`,
    `  ${refusal("verified")}`,
    "}",
    runScript,
  ],
  scanned: [
    `/usr/bin/clamscan --no-summary -d ${GATES}/signatures.ndb "$1" >/dev/null 2>&1`,
    "case $? in",
    `0) ${runScript} ;;`,
    `1) ${refusal("scanned")} ;;`,
    "esac",
    'echo "scanned: $1 could not be scanned" >&2',
    "exit 125",
  ],
  opened: OPENER,
  typeset: TYPESETTER.closed,
};

/** A signature database of ClamAV with the EICAR test string alone, anywhere in a file; in parts, so that this file is none. */
function signatures(): string {
  const test = String.raw`X5O!P%@AP[4\PZX54(P^)7CC)7}$EI` + "CAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
  return `Tyrian.Test.File:0:*:${Buffer.from(test).toString("hex")}\n`;
}
