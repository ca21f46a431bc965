import { malformed } from "./message-fields.js";

/** The AvIds that are used here (MS-NLMP 2.2.2.1). */
export const AV = {
  endOfList: 0,
  netbiosComputerName: 1,
  netbiosDomainName: 2,
  dnsComputerName: 3,
  dnsDomainName: 4,
  flags: 6,
  timestamp: 7,
  channelBindings: 10,
} as const;

/** MsvAvFlags: the AUTHENTICATE_MESSAGE has a message integrity code. */
export const AV_FLAG_MIC = 0x0000_0002;

/** Attributes by their AvId, in the order of the list. */
export type AvPairs = ReadonlyMap<number, Buffer>;

/** Bytes of AvId and AvLen, before each value. */
const HEADER = 4;
/** The lengths that are fixed; a value of another length would be read beyond its end. */
const lengths: ReadonlyMap<number, number> = new Map([
  [AV.flags, 4],
  [AV.timestamp, 8],
  [AV.channelBindings, 16],
]);

/**
 * Reads a list of attributes up to its end mark; what follows it is not looked at (MS-NLMP 2.2.2.1).
 * @throws TyrianError `transport-failed` for a list without its end, an attribute that is cut or of a wrong length, and one
 * that is there twice.
 */
export function decodeAvPairs(bytes: Buffer): AvPairs {
  const pairs = new Map<number, Buffer>();
  for (let at = 0; ;) {
    if (at + HEADER > bytes.length) throw broken("it has no end mark");
    const id = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    at += HEADER;
    if (id === AV.endOfList) {
      if (length !== 0) throw broken("its end mark has a value");
      return pairs;
    }
    if (at + length > bytes.length) throw broken(`attribute ${id} goes beyond its end`);
    if (pairs.has(id)) throw broken(`attribute ${id} is there twice`);
    if (length !== (lengths.get(id) ?? length)) throw broken(`attribute ${id} has ${length} bytes`);
    pairs.set(id, bytes.subarray(at, at + length));
    at += length;
  }
}

function broken(problem: string): Error {
  return malformed("list of NTLM attributes (AV_PAIR)", problem);
}

/** The list of attributes, with its end mark. */
export function encodeAvPairs(pairs: AvPairs): Buffer {
  const parts = [...pairs].map(([id, value]) => Buffer.concat([uint16(id), uint16(value.length), value]));
  return Buffer.concat([...parts, Buffer.alloc(HEADER)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** MsvAvFlags, 0 where the attribute is absent. */
export function avFlagsOf(pairs: AvPairs): number {
  return pairs.get(AV.flags)?.readUInt32LE() ?? 0;
}

/** MsvAvFlags as the value of its attribute. */
export function avFlags(flags: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(flags >>> 0);
  return bytes;
}
