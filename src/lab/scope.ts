import { createHash, timingSafeEqual } from "node:crypto";
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { TyrianError, messageOf } from "../errors.js";
import type { Inventory } from "../model/inventory.js";
import type { Target } from "../model/target.js";
import { resolveSecret } from "../secrets.js";

/** Addresses that cannot be anybody's on the internet. What is not listed is refused. */
const privateAddresses = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  // Shared address space (RFC 6598); overlay networks such as Tailscale number their hosts from it.
  ["100.64.0.0", 10],
] as const) {
  privateAddresses.addSubnet(network, prefix, "ipv4");
}
privateAddresses.addAddress("::1", "ipv6");
privateAddresses.addSubnet("fc00::", 7, "ipv6");
privateAddresses.addSubnet("fe80::", 10, "ipv6");

/** The clouds' metadata services give out credentials of the machine that asks; they are in private ranges. */
const metadataServices = new BlockList();
for (const address of ["169.254.169.254", "169.254.170.2", "100.100.100.200"])
  metadataServices.addAddress(address, "ipv4");
metadataServices.addAddress("fd00:ec2::254", "ipv6");

/** Whether an IP address is one that a lab's host may have. Anything that is not an address is not. */
export function isPrivateAddress(address: string): boolean {
  const [bare = ""] = address.split("%");
  const version = isIP(bare);
  if (version === 0) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  return privateAddresses.check(bare, family) && !metadataServices.check(bare, family);
}

/**
 * Why a host of an inventory can be refused by what is written alone, without asking anything; null when it is a private
 * address or a name, which is resolved (and judged by all its addresses) when it is acted on.
 */
export function refusalOf(host: string): string | null {
  if (isIP(host) !== 0) return isPrivateAddress(host) ? null : notPrivate([host]);
  // The system takes 2130706433, 0x7f.1 and 0177.0.0.1 for addresses; people read them as something else.
  return isHostName(host) ? null : "it is neither an IP address in its usual form nor a host name";
}

function notPrivate(addresses: readonly string[]): string {
  return addresses.length === 1
    ? `${addresses.join("")} is not a private address`
    : `${addresses.join(", ")} are not private addresses`;
}

/** All addresses of a name. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

async function resolveName(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map((answer) => answer.address);
}

/** Milliseconds that a name has to resolve. */
const NAME_DEADLINE = 10_000;

const UNRESOLVED = "Make the name resolve on this machine, or give the host's private address instead.";

/** A target that may be acted on. */
export interface ScopedTarget {
  /** The target; its transport's host is an address that was checked, so that a name cannot change its meaning afterwards. */
  readonly target: Target;
  /** Every address that was checked; empty for a target on this machine. */
  readonly addresses: readonly string[];
}

/**
 * Refuses a target that is not in the inventory or has any address that is not private. Names are resolved, and every
 * address counts.
 * @throws TyrianError `target-out-of-scope`; also when a name does not resolve.
 */
export async function assertInScope(
  inventory: Inventory,
  targetName: string,
  resolve: ResolveName = resolveName,
): Promise<ScopedTarget> {
  const target = inventory.targets.find((candidate) => candidate.name === targetName);
  if (target === undefined) {
    throw new TyrianError(
      "target-out-of-scope",
      `the lab ${inventory.name} has no target ${JSON.stringify(targetName)}`,
    );
  }
  if (target.transport.type === "local") return { target, addresses: [] };
  const { host } = target.transport;
  const refuse = (reason: string, hint?: string): TyrianError =>
    new TyrianError("target-out-of-scope", `target ${target.name} (${JSON.stringify(host)}): ${reason}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  const refusal = refusalOf(host);
  if (refusal !== null) throw refuse(refusal);
  let addresses: readonly string[];
  if (isIP(host) !== 0) addresses = [host];
  else {
    addresses = await withDeadline(resolve(host)).catch((error: unknown) => {
      throw refuse(`the name does not resolve: ${messageOf(error)}`, UNRESOLVED);
    });
    if (addresses.length === 0) throw refuse("the name has no address", UNRESOLVED);
  }
  const outside = addresses.filter((address) => !isPrivateAddress(address));
  if (outside.length > 0) throw refuse(notPrivate(outside));
  const checked = addresses[0] as string;
  const transport =
    target.transport.type === "winrm"
      ? // The host's certificate and its Kerberos principal go by its name, also when it is reached by an address.
        { ...target.transport, host: checked, serverName: target.transport.serverName ?? host }
      : { ...target.transport, host: checked };
  return { target: { ...target, transport }, addresses };
}

/** Labels of letters, digits, hyphens and underscores of which the last is no number, decimal or hexadecimal. */
function isHostName(host: string): boolean {
  if (
    host.length > 253 ||
    !/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(host)
  )
    return false;
  const last = host.replace(/\.$/, "").split(".").at(-1) ?? "";
  return !/^(\d+|0x[0-9a-f]*)$/i.test(last);
}

async function withDeadline<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${String(NAME_DEADLINE)} ms`)),
      NAME_DEADLINE,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The command line that prints a host's lab token. It starts no program but the shell that reads it, so it leaves no
 * exec of its own in the telemetry.
 */
export function tokenCommand(inventory: Inventory): string {
  const path = `'${inventory.token.path.replaceAll("'", `'\\''`)}'`;
  // The last line of a file may lack its end, and then `read` fails although it has read.
  return `tyrian_token=; read -r tyrian_token < ${path}; printf '%s\\n' "$tyrian_token"`;
}

/**
 * The line that prints a Windows host's lab token, for cmd.exe and for PowerShell, whichever reads it: `type` is a word of both, so
 * here too no program is started but the shell.
 */
export function windowsTokenCommand(inventory: Inventory): string {
  return `type "${inventory.token.windowsPath}"`;
}

/** What a Windows host printed for `windowsTokenCommand`, as `checkToken` takes it: line ends are Windows' own, or missing. */
export function windowsTokenOutput(output: string): string {
  return `${output.replace(/\r?\n$/, "")}\n`;
}

/** A token in what a network device shows. */
const SHOWN_TOKEN = /(?<=\btyrian-lab-token[ =:])[\x21\x23-\x7e]+/g;

/** What a network device shows, without its token: procedures read the configuration in which it stands. */
export function withoutToken(output: string): string {
  return output.replaceAll(SHOWN_TOKEN, "(not shown)");
}

/**
 * The token that a network device shows, as `checkToken` takes it. It stands in its configuration behind the word
 * `tyrian-lab-token`, in a description or wherever the device keeps a text. Nothing, unless it is shown exactly once.
 */
export function deviceTokenOutput(output: string): string {
  const shown = output.match(SHOWN_TOKEN) ?? [];
  return shown.length === 1 ? `${shown[0] as string}\n` : "";
}

/** Characters; a shorter token could be met by accident. */
const SHORTEST_TOKEN = 16;

/**
 * Checks what a host printed for `tokenCommand`: the lab's token and one line end, nothing else.
 * @throws TyrianError `lab-token-missing` when it is anything else; `secret-unresolved` when the lab's own token cannot be
 * read or is none (too short, or with blanks).
 */
export async function checkToken(inventory: Inventory, output: string): Promise<void> {
  const token = await resolveSecret(inventory.token.value);
  if (token.length < SHORTEST_TOKEN || !/^[\x21-\x7e]+$/.test(token)) {
    throw new TyrianError(
      "secret-unresolved",
      `the token of the lab ${inventory.name} is not a word of at least ${String(SHORTEST_TOKEN)} printable characters`,
    );
  }
  // Digests have one length, so the comparison takes the same time whatever was printed.
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(digest(output), digest(`${token}\n`))) {
    const found = output.trim() === "" ? "nothing" : `something else (${String(output.length)} characters)`;
    throw new TyrianError(
      "lab-token-missing",
      `the host printed ${found} instead of the token of the lab ${inventory.name}`,
    );
  }
}
