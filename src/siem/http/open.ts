import { SiemHttp, type SiemHttpOptions } from "./client.js";
import type { Credentials } from "./credentials.js";
import { Redactor } from "./redactor.js";
import type { ConnectionSettings } from "./settings.js";

/** What a test sets in place of what a user has. */
export type HttpOptions = Pick<SiemHttpOptions, "pause">;

/**
 * The way to a SIEM. Nothing is connected or resolved before the first request.
 * @param credentialsOf tells the redactor every secret that it resolves
 */
export function openHttp(
  siem: string,
  settings: ConnectionSettings,
  credentialsOf: (redactor: Redactor) => Credentials,
  options: HttpOptions = {},
): SiemHttp {
  const redactor = new Redactor();
  return new SiemHttp({ siem, settings, redactor, credentials: credentialsOf(redactor), ...options });
}
