import type { Trial } from "../model/trial.js";
import { deviceScripts } from "./device/scripts.js";
import type { HostScripts } from "./host-scripts.js";
import { posixScripts } from "./posix-scripts.js";
import { windowsScripts } from "./windows/scripts.js";

/** The scripts for the host of a trial. */
export function scriptsOf({ platform }: Pick<Trial, "platform">): HostScripts {
  if (platform === "network") return deviceScripts;
  return platform === "windows" ? windowsScripts : posixScripts;
}
