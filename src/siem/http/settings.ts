import { z } from "zod";

/** How a SIEM is reached; the part of its configuration that is the same for all. Secrets stand in it by reference only. */
export const connectionShape = {
  /** The API's base address, such as `https://splunk.example:8089`. */
  url: z.url({ protocol: /^https?$/, error: "expected an address such as https://siem.example:9200" }),
  /** Says in so many words that questions and secrets may go over plain HTTP. This machine itself needs no leave. */
  allowUnencrypted: z.boolean().default(false),
  /** What the server's certificate is held to, instead of this machine's authorities; with both, to both. */
  tls: z
    .strictObject({
      /** Authorities in PEM, in place of this machine's. */
      caFile: z.string().min(1).optional(),
      /** SHA-256 of the certificate in DER, hexadecimal. Without `caFile`, nothing else of it is checked. */
      fingerprint: z
        .string()
        .regex(/^[0-9a-f]{2}(:?[0-9a-f]{2}){31}$/i, "expected 64 hexadecimal digits, with or without colons")
        .optional(),
    })
    .default({}),
  /** An HTTP proxy, such as `http://proxy.example:3128`. Variables such as HTTPS_PROXY are not read. */
  proxy: z
    .url({ protocol: /^https?$/, error: "expected an address such as http://proxy.example:3128" })
    .optional(),
  /** Bytes of one answer that are read at most. */
  largestAnswerBytes: z
    .int()
    .min(65_536)
    .max(1_073_741_824)
    .default(32 * 1024 * 1024),
};

export type ConnectionSettings = z.infer<z.ZodObject<typeof connectionShape>>;

/**
 * What must hold between the parts of connection settings.
 * @param urlKey where the address stands, of SIEMs that have several
 */
export function checkConnection(
  { url, allowUnencrypted, tls, proxy }: ConnectionSettings,
  context: z.RefinementCtx,
  urlKey = "url",
): void {
  const refuse = (path: string, message: string): void => {
    context.addIssue({ code: "custom", path: [path], message });
  };
  for (const [path, address] of Object.entries({ [urlKey]: url, proxy })) {
    if (address === undefined) continue;
    const { username, password } = new URL(address);
    if (username !== "" || password !== "") refuse(path, "an address holds no user and no password");
  }
  const { protocol, hostname, search, hash } = new URL(url);
  if (search !== "" || hash !== "") refuse(urlKey, "the base address ends with its path");
  if (protocol === "https:") {
    if (tls.fingerprint !== undefined && proxy !== undefined)
      refuse("tls", "behind a proxy the certificate is checked by `caFile`, not by `fingerprint`");
    return;
  }
  if (tls.caFile !== undefined || tls.fingerprint !== undefined)
    refuse("tls", "there is no certificate without HTTPS");
  if (!allowUnencrypted && !isThisMachine(hostname))
    refuse(
      urlKey,
      "plain HTTP shows the secrets to anybody on the way: use https, or write `allowUnencrypted: true` beside it",
    );
}

function isThisMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
