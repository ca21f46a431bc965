import { need, type Value } from "./finding.js";
import { textOf } from "./interpreter-options.js";
import { readsPath, writesPath } from "./paths.js";
import type { Shell } from "./shell-operands.js";
import type { Word } from "./shell-word.js";

/**
 * The command lines of clouds, by their verbs. What a verb is not listed for here is not known to be harmless. Verbs that print a
 * token, a key or a secret are never listed.
 */

/** Where a lab's Keystone answers (src/lab/embedded/keystone), the entry of clouds.yaml that names it, and the login for curl. */
const LAB_API = "http://127.0.0.1:5000/v3/";
const LAB_CLOUD = "tyrian-lab";
const LAB_LOGIN = "@/etc/tyrian/cloud-login.json";

/** How the names of objects begin that a procedure makes for itself: nothing else is changed or deleted. */
const OWN = /^tyrian-[a-z0-9-]+$/;

interface Client {
  /** What stands before the verb: the account. */
  readonly account: readonly string[];
  /** Verbs that only read, and those that change what their operands name. */
  readonly reading: RegExp;
  readonly changing: RegExp | null;
  /** Options that take a value, which is printed, selected by, or described with. */
  readonly values: RegExp;
  readonly flags: RegExp;
}

const openstack: Client = {
  account: ["--os-cloud", LAB_CLOUD],
  reading:
    /^(?:(?:project|user|group|role|domain|region|service|endpoint|catalog|policy|limit|registered limit) (?:list|show)|role assignment list|versions show)$/,
  changing:
    /^(?:(?:project|user|group) (?:create|delete|set)|role (?:add|remove)|group (?:add|remove) user)$/,
  values:
    /^(?:-f|-c|--format|--column|--description|--domain|--user|--project|--group|--role|--sort-column)$/,
  flags: /^(?:--long|--names|--enable|--disable|--effective)$/,
};

const aws: Client = {
  account: [],
  reading:
    /^(?:sts get-caller-identity|iam (?:list-users|list-roles|list-groups|list-account-aliases|get-account-summary)|s3 ls|s3api list-buckets|ec2 describe-(?:instances|regions|vpcs|security-groups)|organizations describe-organization|cloudtrail describe-trails)$/,
  changing: null,
  values: /^(?:--query|--output|--region|--max-items|--profile)$/,
  flags: /^(?:--no-cli-pager|--no-paginate)$/,
};

const az: Client = {
  account: [],
  reading:
    /^(?:account (?:show|list)|ad signed-in-user show|group list|vm list|resource list|role (?:assignment|definition) list|monitor diagnostic-settings subscription list)$/,
  changing: null,
  values: /^(?:--query|--output|-o|--subscription)$/,
  flags: /^(?:--all|--only-show-errors)$/,
};

const gcloud: Client = {
  account: [],
  reading:
    /^(?:config list|auth list|projects (?:list|describe|get-iam-policy)|compute (?:instances|regions|networks) list|iam (?:roles|service-accounts) list|services list)$/,
  changing: null,
  values: /^(?:--format|--filter|--project|--limit)$/,
  flags: /^(?:--quiet|-q)$/,
};

type Use = (shell: Shell, words: readonly Word[]) => Value | undefined;

/** A client whose verb is known: `cloud-read` or `cloud-change`; any other use is an unknown command that uses the network. */
function client(kind: Client): Use {
  return (shell, words) => {
    const at = words[0]?.at ?? 0;
    const given = words.slice(1).map(textOf);
    const use = useOf(kind, given);
    if (use !== null) {
      const does = use === "cloud-read" ? "asks" : "changes its own objects through";
      need(shell.scope, use, `${textOf(words[0] as Word) ?? "it"} ${does} the API of a cloud`, at);
      return null;
    }
    need(shell.scope, "network", "a cloud's client uses the network", at);
    need(shell.scope, "unknown-command", "this use of a cloud's client is not known to be harmless", at);
    return null;
  };
}

function useOf(kind: Client, given: readonly (string | null)[]): "cloud-read" | "cloud-change" | null {
  if (kind.account.some((word, index) => given[index] !== word)) return null;
  const plain: string[] = [];
  const named = new Map<string, string>();
  for (let index = kind.account.length; index < given.length; index += 1) {
    const word = given[index];
    if (word === null || word === undefined) return null;
    if (!word.startsWith("-")) plain.push(word);
    else if (kind.values.test(word)) {
      index += 1;
      const value = given[index];
      // `file://` and `@FILE` would have the client read a file.
      if (value === null || value === undefined || /^@|:\/\//.test(value)) return null;
      named.set(word, value);
    } else if (!kind.flags.test(word)) return null;
  }
  for (let length = plain.length; length > 0; length -= 1) {
    const verb = plain.slice(0, length).join(" ");
    const operands = plain.slice(length);
    if (kind.reading.test(verb)) return operands.every((word) => /^[\w-]+$/.test(word)) ? "cloud-read" : null;
    if (kind.changing?.test(verb) === true) {
      // Any role may be given, but only in a project of the procedure's own, to a user or group of its own.
      const who = named.get("--user") ?? named.get("--group");
      const role = [named.get("--project") ?? "", who ?? "", ...(named.has("--domain") ? [""] : [])];
      const changed = verb.startsWith("role ") ? role : operands;
      return changed.length > 0 && changed.every((name) => OWN.test(name)) ? "cloud-change" : null;
    }
  }
  return null;
}

/** curl as a client of the lab's own Keystone; undefined for every other use. */
const curl: Use = (shell, words) => {
  const { scope } = shell;
  const writes: Word[] = [];
  const reads: Word[] = [];
  const bodies: string[] = [];
  let method: string | null = null;
  let url: string | null = null;
  for (let index = 1; index < words.length; index += 1) {
    const word = textOf(words[index] as Word);
    if (word === null) return undefined;
    if (/^-[qsSf]+$/.test(word)) continue;
    if (!word.startsWith("-")) {
      if (url !== null) return undefined;
      url = word;
      continue;
    }
    index += 1;
    const next = words[index];
    const value = next === undefined ? null : textOf(next);
    if (next === undefined || value === null) return undefined;
    if (word === "-o" || word === "-D") writes.push(next);
    else if (word === "-X" && /^(?:GET|POST)$/.test(value)) method = value;
    else if (word === "-d") bodies.push(value);
    else if (word === "-H") {
      if (value.startsWith("@")) reads.push({ ...next, value: [value.slice(1)] });
    } else if (word !== "-m" && word !== "-w") return undefined;
  }
  if (url?.startsWith(LAB_API) !== true || /[{}[\]@]|\.\./.test(url)) return undefined;
  if (bodies.length > 1) return undefined;
  const [body] = bodies;
  const authenticates = url === `${LAB_API}auth/tokens` && body === LAB_LOGIN;
  if (body !== undefined && !authenticates && !createsOwn(url, body)) return undefined;
  if (method === "POST" && body === undefined) return undefined;
  if (method === "GET" && body !== undefined) return undefined;
  const at = words[0]?.at ?? 0;
  for (const word of writes) writesPath(scope, word.value, "curl", word.at);
  for (const word of reads) readsPath(scope, word.value, false, "curl", word.at);
  const changes = body !== undefined && !authenticates;
  need(scope, changes ? "cloud-change" : "cloud-read", "curl calls the API of the lab's own cloud", at);
  return null;
};

/** Whether a request makes a project or user of the procedure's own, and nothing else. */
function createsOwn(url: string, body: string): boolean {
  const match = /^\{"(project|user)":\{"name":"([^"\\]+)"(?:,"description":"[^"\\]*")?\}\}$/.exec(body);
  return match !== null && url === `${LAB_API}${match[1] ?? ""}s` && OWN.test(match[2] ?? "");
}

/** Programs that call a cloud's API; what they return undefined for is judged as any program of their name. */
export const cloudClients: ReadonlyMap<string, Use> = new Map<string, Use>([
  ["openstack", client(openstack)],
  ["aws", client(aws)],
  ["az", client(az)],
  ["gcloud", client(gcloud)],
  ["curl", curl],
]);
