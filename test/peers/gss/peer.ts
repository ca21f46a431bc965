import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { LinePeer, StartPeer } from "../line-peer.js";

/** Debian's Python, to which its python3-gssapi belongs. */
const PYTHON = "/usr/bin/python3";

/** Why a mechanism of GSS-API cannot be had here, by its object identifier and what installs it; null when it can. */
export function noMechanism(identifier: string, packages: string): string | null {
  const look = `import gssapi; assert "${identifier}" in [oid.dotted_form for oid in gssapi.raw.indicate_mechs()]`;
  return spawnSync(PYTHON, ["-c", look]).status === 0
    ? null
    : `its GSS-API mechanism is not installed (apt-get install ${packages})`;
}

/** What a side of an exchange is begun with; see peer.py. */
export interface GssRole {
  readonly mechanism: "ntlm" | "spnego";
  readonly role: "accept" | "initiate";
  /** Of the initiator. */
  readonly user?: string;
  readonly password?: string;
  /** Of the channel bindings, in base64. */
  readonly applicationData?: string;
}

/** Asks the peer to do something with bytes, and gives the bytes that it answers with, or rejects with its error. */
export type Gss = (action: "step" | "wrap" | "unwrap" | "initiator", bytes?: Buffer) => Promise<Buffer>;

/** One side of an exchange by MIT's GSS-API, in a process of its own. */
export async function gssPeer(start: StartPeer, role: GssRole, environment: NodeJS.ProcessEnv): Promise<Gss> {
  const peer = start(PYTHON, [join(import.meta.dirname, "peer.py")], environment);
  await ask(peer, { do: "begin", ...role });
  return async (action, bytes = Buffer.alloc(0)) =>
    await ask(peer, { do: action, bytes: bytes.toString("base64") });
}

async function ask(peer: LinePeer, request: Record<string, string>): Promise<Buffer> {
  const answer = JSON.parse(await peer.ask(JSON.stringify(request))) as { bytes?: string; error?: string };
  if (answer.bytes === undefined) throw new Error(answer.error);
  return Buffer.from(answer.bytes, "base64");
}
