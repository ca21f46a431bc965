import type { DeviceProfileName } from "../../model/target.js";
import { type DeviceProfile, profileSchema } from "./profile.js";

/** Errors of Cisco's command line and of those made in its image: a line that begins with a percent sign. */
const percentErrors = ["^% ?\\S", "^\\s*\\^$"];

/** `switch(config-if)#`; what stands in parentheses is the mode. */
const ciscoPrompt = {
  prompt: "^(?<host>[\\w.:/@~-]+)(?:\\([\\w.:/ -]+\\))?[>#]\\s*$",
  configurationPrompt: "\\(config[^()]*\\)#\\s*$",
  privilegedPrompt: "#\\s*$",
};

const enable = {
  command: "enable",
  asks: "^\\s*[Pp]assword:\\s*$",
  refused: "^% ?(?:Access denied|Bad secrets?|Error in authentication|Authentication failed|Bad passwords)",
};

const tokenInRunningConfiguration = "show running-config | include tyrian-lab-token";

/**
 * From the vendors' documentation, and for FRR from the program. Where a log is known to record a sentinel see
 * docs/network-devices.md.
 */
const data = [
  {
    name: "ios",
    title: "Cisco IOS and IOS XE",
    ...ciscoPrompt,
    enable,
    pager: "^\\s*--More--\\s*$",
    pagerOff: "terminal length 0",
    errors: [...percentErrors, "^Command authorization failed"],
    decoration: [],
    showInConfiguration: "do ",
    leaveConfiguration: "end",
    sentinel: { typed: "show users | include {word}", oneShot: "show users | include {word}" },
    tokenCommand: tokenInRunningConfiguration,
  },
  {
    name: "nxos",
    title: "Cisco NX-OS",
    ...ciscoPrompt,
    enable: null,
    pager: "^\\s*--More--\\s*$",
    pagerOff: "terminal length 0",
    errors: [...percentErrors, "^Syntax error while parsing", "^ERROR: "],
    decoration: [],
    showInConfiguration: "",
    leaveConfiguration: "end",
    sentinel: { typed: "show users | include {word}", oneShot: "show users | include {word}" },
    tokenCommand: tokenInRunningConfiguration,
  },
  {
    name: "junos",
    title: "Juniper Junos",
    prompt: "^(?<host>[\\w.-]+@[\\w.:-]+)[>#]\\s*$",
    configurationPrompt: "#\\s*$",
    privilegedPrompt: "[>#]\\s*$",
    enable: null,
    pager: "^\\s*---\\(more(?: \\d+%)?\\)---\\s*$",
    pagerOff: "set cli screen-length 0",
    errors: [
      "^syntax error",
      "^unknown command",
      "^error: ",
      "^invalid value",
      "^missing (?:argument|mandatory)",
      "^\\s*\\^$",
    ],
    decoration: ["^\\{[\\w:.-]+\\}(?:\\[edit[^\\]]*\\])?$", "^\\[edit[^\\]]*\\]$"],
    showInConfiguration: "run ",
    leaveConfiguration: "exit configuration-mode",
    sentinel: { typed: 'show version | match "{word}"', oneShot: 'show version | match "{word}"' },
    tokenCommand: "show configuration | display set | match tyrian-lab-token",
  },
  {
    name: "eos",
    title: "Arista EOS",
    ...ciscoPrompt,
    enable,
    pager: "^\\s*--More--\\s*$",
    pagerOff: "terminal length 0",
    errors: percentErrors,
    decoration: [],
    showInConfiguration: "",
    leaveConfiguration: "end",
    sentinel: { typed: "show users | include {word}", oneShot: "show users | include {word}" },
    tokenCommand: tokenInRunningConfiguration,
  },
  {
    name: "vyos",
    title: "VyOS",
    prompt: "^(?<host>[\\w.-]+@[\\w.-]+)(?::[\\w~/.-]*\\$|#)\\s*$",
    configurationPrompt: "#\\s*$",
    privilegedPrompt: "[$#]\\s*$",
    enable: null,
    pager: "^(?::|\\(END\\)|lines \\d+.*)\\s*$",
    pagerOff: "set terminal length 0",
    errors: [
      "^\\s*Invalid command: ",
      "^\\s*Incomplete command: ",
      "^\\s*Ambiguous command: ",
      "^\\s*Configuration path: .* is not valid",
      "^\\s*Set failed",
      "^\\s*Delete failed",
      "^\\s*Commit failed",
      "^-?v?bash: ",
    ],
    decoration: ["^\\[edit[^\\]]*\\]$"],
    showInConfiguration: "run ",
    leaveConfiguration: "exit discard",
    sentinel: { typed: 'show version | match "{word}"', oneShot: 'show version | match "{word}"' },
    tokenCommand: "show configuration commands | match tyrian-lab-token",
  },
  {
    name: "frr",
    title: "FRRouting (vtysh)",
    ...ciscoPrompt,
    enable,
    pager: "^\\s*--More--.*$",
    pagerOff: "no terminal paginate",
    errors: percentErrors,
    decoration: [],
    showInConfiguration: "do ",
    leaveConfiguration: "end",
    // The first goes to every daemon with its argument, the second is answered by vtysh itself: neither shows up as the other.
    sentinel: { typed: "show thread cpu {word}", oneShot: "show version | include {word}" },
    tokenCommand: tokenInRunningConfiguration,
  },
];

const profiles: ReadonlyMap<string, DeviceProfile> = new Map(
  data.map((entry) => [entry.name, profileSchema.parse(entry)]),
);

/** How the command line of a kind of device looks and behaves. */
export function profileOf(name: DeviceProfileName): DeviceProfile {
  const profile = profiles.get(name);
  if (profile === undefined) throw new Error(`there is no profile ${name}`);
  return profile;
}
