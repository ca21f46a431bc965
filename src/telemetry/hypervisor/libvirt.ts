import { type HypervisorLogReader, recordOf } from "./record.js";

/** `THREAD: PRIORITY : FUNCTION:LINE : TEXT` (https://libvirt.org/logging.html); the first lines of a daemon have no function. */
const MESSAGE = /^\d+: (?:debug|info|warning|error) : /;
const CALL = /^\d+: debug : (vir[A-Z]\w*):\d+ : (.*)$/;

/** How libvirt names a domain among the arguments; its own name may hold what looks like the end, so the last one counts. */
const DOMAIN = /\(VM: name=(.+), uuid=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)/;
const LOOKED_UP = /^conn=\S+, name=(.+)$/;

/**
 * The calls of libvirt's API, which its daemon logs at its lowest priority with a filter such as `1:libvirt.domain`. Thread numbers are
 * those of workers that serve everybody, and neither the user nor the client is named: no call is anybody's.
 */
export const readLibvirtLog: HypervisorLogReader = (rest) => {
  const [, call, text = ""] = CALL.exec(rest) ?? [];
  if (call === undefined) return MESSAGE.test(rest) ? "other" : null;
  const [, name, uuid] = DOMAIN.exec(text) ?? [];
  return recordOf({
    Message: `${call}: ${text}`,
    Call: call,
    Domain: name ?? (call === "virDomainLookupByName" ? LOOKED_UP.exec(text)?.[1] : undefined),
    DomainUuid: uuid,
  });
};
