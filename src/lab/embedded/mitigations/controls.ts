import type { Control } from "../../../model/target.js";
import type { LabHost } from "../types.js";
import { GATES, MESSAGES, UNLISTED, WRITABLE } from "./names.js";

/** The controls that are really switched on on a host of the embedded lab; none where they are not. */
export function controlsOf({ name, mitigated }: Pick<LabHost, "name" | "mitigated">): Control[] {
  return mitigated ? allControls(name) : [];
}

function allControls(host: string): Control[] {
  return [
    refusing(
      "noexec-mounts",
      "M1033, M1038: nothing in a folder that everybody may write can be executed",
      WRITABLE,
    ),
    refusing("perl-disabled", "M1042: Perl may not be executed", ["/usr/bin/perl"]),
    refusing(
      "interpreter-inventory",
      "M1047: interpreters that the inventory does not list may not be executed",
      ["/usr/bin/lua", ...UNLISTED],
    ),
    refusing("tcl-group", "M1018: only a group may execute Tcl", ["/usr/bin/tclsh", "/usr/bin/tclsh8.6"]),
    refusing("confined-documents", "M1040: what typesets documents may execute nothing, by Landlock", [
      "/bin/sh",
    ]),
    {
      id: "sudo-rules",
      description: "M1026: the rules of sudo name what the operator may run as root",
      denies: {
        gate: `${GATES}/administrator`,
        helpers: ["/usr/bin/sudo"],
        exitCode: 1,
        message: `Sorry, user op is not allowed to execute '/usr/bin/python3 {script}' as root on ${host}.`,
        readsCode: false,
      },
    },
    {
      id: "restricted-shell",
      description: "M1038: guests get a shell that runs no program by its path",
      denies: {
        gate: `${GATES}/guest-shell`,
        helpers: ["/usr/bin/bash"],
        exitCode: 1,
        message: "/bin/rbash: line 1: {command}: restricted: cannot specify `/' in command names",
        readsCode: true,
      },
    },
    {
      id: "signed-scripts",
      description: "M1045: a script runs when its signature is right",
      denies: denying("verified", "/usr/bin/openssl"),
    },
    {
      id: "proxy-policy",
      description: "M1021: a proxy is the only way to the web, and lets one site through",
      denies: denying("opened", "/usr/bin/curl"),
    },
    {
      id: "malware-scan",
      description: "M1049: a script runs when ClamAV finds nothing in it",
      denies: denying("scanned", "/usr/bin/clamscan"),
    },
  ];
}

function refusing(id: string, description: string, paths: readonly string[]): Control {
  return { id, description, refuses: { errors: ["EACCES"], paths: [...paths] } };
}

function denying(gate: keyof typeof MESSAGES, helper: string): NonNullable<Control["denies"]> {
  return {
    gate: `${GATES}/${gate}`,
    helpers: [helper],
    exitCode: 126,
    message: MESSAGES[gate],
    readsCode: false,
  };
}
