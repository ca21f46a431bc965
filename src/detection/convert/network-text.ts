import { contains, type Network } from "../sigma/network.js";
import type { ConvertContext } from "./language.js";

/** An address range as text, such as `10.0.0.0/8`. Addresses of version 6 are written with all their groups. */
export function networkText({ version, address, bits }: Network): string {
  const [count, width] = version === 4 ? [4, 8n] : [8, 16n];
  const parts = Array.from({ length: count }, (_, index) => {
    const part = (address >> (BigInt(count - 1 - index) * width)) & ((1n << width) - 1n);
    return part.toString(version === 4 ? 10 : 16);
  });
  return `${parts.join(version === 4 ? "." : ":")}/${bits}`;
}

/**
 * Whether a range of version 6 has addresses of version 4 in it, written as `::ffff:0:0/96`. Several SIEMs take the two
 * for the same, Sigma does not.
 */
function holdsVersion4(network: Network): boolean {
  const isWithin = network.bits >= 96 && network.address >> 32n === 0xffffn;
  return network.version === 6 && (isWithin || contains(network, "::ffff:0.0.0.0"));
}

/** The range as text, for a system that may take the two for the same: it is refused then. */
export function rangeText(network: Network, at: number, system: string, { refuse }: ConvertContext): string {
  return holdsVersion4(network)
    ? refuse(
        at,
        `${system} takes addresses of version 4 for addresses of this range`,
        "write a range that ::ffff:0:0/96 is no part of",
      )
    : networkText(network);
}
