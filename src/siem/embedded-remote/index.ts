import { readFile } from "node:fs/promises";
import { messageOf, TyrianError } from "../../errors.js";
import { resolveSecret } from "../../secrets.js";
import type { Siem } from "../siem.js";
import { askOver } from "./ask.js";
import { RemoteSiem } from "./client.js";
import type { RemoteSiemSettings } from "./settings.js";

/** Milliseconds that the server has to answer at all. */
const FIRST_ANSWER_MS = 20_000;

/**
 * Opens the port to a SIEM that `tyrian siem serve` serves. It is asked once, so that a wrong address or token is told before
 * anything is done on a host. The caller closes it.
 * @throws TyrianError `siem-unreachable`, `secret-unresolved`, `file-unreadable`
 */
export async function openRemoteSiem(name: string, settings: RemoteSiemSettings): Promise<Siem> {
  const token = await resolveSecret(settings.token);
  const ca = settings.ca === undefined ? undefined : await readCertificates(settings.ca);
  const ask = askOver({ name, url: settings.url, token, ...(ca === undefined ? {} : { ca }) });
  await ask("clock", {}, { deadlineMs: FIRST_ANSWER_MS });
  return new RemoteSiem(name, settings.longestLagSeconds * 1000, ask);
}

async function readCertificates(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    throw new TyrianError("file-unreadable", `${file}: ${messageOf(thrown)}`, { cause: thrown });
  }
}
