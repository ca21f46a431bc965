import { EXIT, type ExitStatus, TyrianError } from "../errors.js";
import { loadInventory } from "../lab/inventory.js";
import { plain } from "../report/text.js";
import { placeOf } from "../siem/bindings/place.js";
import {
  type CheckLine,
  checkedConnector,
  checkedServed,
  checkSiem,
  failedLine,
} from "../siem/check/check-siem.js";
import type { Siem } from "../siem/siem.js";
import type { Output } from "./output.js";
import { chooseSiem } from "./siem-choice.js";

/**
 * Checks a SIEM of the configuration.
 * @param labFile inventory whose hosts are looked for
 * @throws TyrianError `usage`, `inventory-invalid`, `secret-unresolved`
 */
export async function checkNamedSiem(
  name: string,
  labFile: string | undefined,
  signal: AbortSignal,
): Promise<CheckLine[]> {
  const { settings } = await chooseSiem(name);
  const { siem } = placeOf(name);
  if (settings === null)
    throw new TyrianError("usage", "the embedded SIEM is a part of the run: there is nothing to check", {
      hint: "`tyrian doctor` says what this machine lacks.",
    });
  const hosts = labFile === undefined ? null : await hostsOf(labFile);
  if (settings.kind === "tyrian") {
    const { openRemoteSiem } = await import("../siem/embedded-remote/index.js");
    let served: Siem;
    try {
      served = await openRemoteSiem(siem, settings);
    } catch (thrown) {
      return [failedLine("answers", thrown)];
    }
    try {
      return await checkSiem(checkedServed(served), hosts, signal);
    } finally {
      await served.close();
    }
  }
  const { openConnector } = await import("../siem/connect.js");
  const connector = await openConnector(siem, settings);
  try {
    return await checkSiem(checkedConnector(connector, settings), hosts, signal);
  } finally {
    await connector.close();
  }
}

/** The hosts of a lab that have a sensor, by the names that the telemetry has for them. */
async function hostsOf(labFile: string): Promise<string[]> {
  const { targets } = await loadInventory(labFile);
  const sensed = targets.filter(({ sensor }) => sensor.type !== "none");
  return [...new Set(sensed.map(({ name, sensor }) => sensor.host ?? name))];
}

/** Each line with its state, and below it what to do. */
export function printCheck(lines: readonly CheckLine[], output: Output): void {
  for (const { what, state, detail, todo } of lines) {
    output.data(`${state.padEnd("warning".length)}  ${plain(what)}: ${plain(detail)}`);
    if (todo !== "") output.data(`         -> ${plain(todo)}`);
  }
  const wrong = lines.filter(({ state }) => state !== "ok" && state !== "warning").length;
  output.note(wrong === 0 ? "nothing is wrong" : `${wrong} of ${lines.length} need somebody`);
}

/** What could not be asked weighs more than what is missing. */
export function checkStatus(lines: readonly CheckLine[]): ExitStatus {
  if (lines.some(({ state }) => state === "failed" || state === "untold")) return EXIT.undecided;
  return lines.some(({ state }) => state === "wrong") ? EXIT.notMet : EXIT.met;
}
