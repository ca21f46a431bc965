import { isIP } from "node:net";

/** An address range: the version, the network's address as a number, and how many leading bits count. */
export interface Network {
  readonly version: 4 | 6;
  readonly address: bigint;
  readonly bits: number;
}

function parseVersion4(text: string): bigint {
  return text.split(".").reduce((number, part) => number * 256n + BigInt(part), 0n);
}

function parseVersion6(text: string): bigint {
  const [withoutZone = ""] = text.split("%");
  const lastPart = withoutZone.slice(withoutZone.lastIndexOf(":") + 1);
  let colons = withoutZone;
  if (lastPart.includes(".")) {
    const low = parseVersion4(lastPart);
    colons = `${withoutZone.slice(0, -lastPart.length)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  }
  const [head = "", tail] = colons.split("::");
  const headGroups = head === "" ? [] : head.split(":");
  const tailGroups = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - headGroups.length - tailGroups.length;
  const groups = [...headGroups, ...Array.from({ length: zeros }, () => "0"), ...tailGroups];
  return groups.reduce((number, group) => number * 65536n + BigInt(`0x${group}`), 0n);
}

/** An IP address as version and number; null when the text is none. */
export function parseAddress(text: string): { version: 4 | 6; address: bigint } | null {
  const version = isIP(text);
  if (version === 4) return { version, address: parseVersion4(text) };
  if (version === 6) return { version, address: parseVersion6(text) };
  return null;
}

/** The range that a text such as `10.0.0.0/8` or `fe80::/10` names; a text that says what is wrong with it otherwise. */
export function parseNetwork(text: string): Network | string {
  const parts = text.split("/");
  const address = parseAddress(parts[0] ?? "");
  if (address === null || parts.length > 2)
    return "expected an address range such as 10.0.0.0/8 or fe80::/10";
  const width = address.version === 4 ? 32 : 128;
  const bitsText = parts[1] ?? String(width);
  const bits = Number(bitsText);
  if (!/^\d{1,3}$/.test(bitsText) || bits > width)
    return `the prefix length must be a number from 0 to ${width}`;
  const hostBits = BigInt(width - bits);
  if ((address.address >> hostBits) << hostBits !== address.address) {
    return `the address has bits set beyond the first ${bits}`;
  }
  return { version: address.version, address: address.address, bits };
}

/** Whether a text is an address of the range. A text that is no address is not. IPv4 addresses in IPv6 form are IPv6. */
export function contains(network: Network, text: string): boolean {
  const address = parseAddress(text);
  if (address === null || address.version !== network.version) return false;
  const shift = BigInt((network.version === 4 ? 32 : 128) - network.bits);
  return address.address >> shift === network.address >> shift;
}
