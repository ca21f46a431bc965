import { TyrianError } from "../../../errors.js";

/** The MD5 of the channel bindings of a TLS connection whose server showed this certificate (RFC 5929, `tls-server-end-point`). */
export function channelBindingOf(_certificateDer: Buffer): Buffer {
  throw new TyrianError("internal", "not yet written");
}
