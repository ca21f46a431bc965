import { readFile, stat } from "node:fs/promises";
import type { AuthHandlerMiddleware, AnyAuthMethod, ParsedKey } from "ssh2";
import { messageOf, TyrianError } from "../../errors.js";
import type { CliTransport, SecretReference, SshTransport } from "../../model/target.js";

export interface AuthenticationOptions {
  /** Resolves a secret reference to the secret. */
  readonly resolveSecret: (reference: SecretReference) => Promise<string>;
  /** Told about things that work but should be put right, such as a key file that others can read. */
  readonly onWarning: (message: string) => void;
}

/**
 * The methods that are tried, in order: only what the inventory names, so that a host is never offered anything else.
 * @throws TyrianError `auth-failed` (key or agent unusable), `secret-unresolved`.
 */
export async function authenticationOf(
  settings: SshTransport | CliTransport,
  target: string,
  options: AuthenticationOptions,
): Promise<AnyAuthMethod[]> {
  const { authentication, user: username } = settings;
  if (authentication.type === "agent") {
    const agent = authentication.socket ?? process.env["SSH_AUTH_SOCK"];
    if (agent === undefined || agent === "") {
      throw new TyrianError("auth-failed", `${target} wants the SSH agent, and SSH_AUTH_SOCK is not set.`, {
        hint: "Start ssh-agent and add the key, or name its socket in the inventory.",
      });
    }
    return [{ type: "agent", username, agent }];
  }
  if (authentication.type === "password") {
    const password = await secret(authentication.password, options);
    return [
      { type: "password", username, password },
      // Servers that ask through PAM refuse `password`. Only questions with a hidden answer get it.
      {
        type: "keyboard-interactive",
        username,
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(prompts.map((prompt) => (prompt.echo === true ? "" : password))),
      },
    ];
  }
  const passphrase =
    authentication.passphrase === undefined ? undefined : await secret(authentication.passphrase, options);
  const key = await readKey(authentication.file, passphrase, target, options);
  return [{ type: "publickey", username, key }];
}

/** Offers each method once, in order; then gives up. */
export function inOrder(methods: readonly AnyAuthMethod[]): AuthHandlerMiddleware {
  const left = [...methods];
  return (_remaining, _partial, next) => {
    const method = left.shift();
    // `false` means that there is nothing left; the type of ssh2 does not know it, its documentation does.
    next(method ?? (false as unknown as AnyAuthMethod));
  };
}

async function secret(reference: SecretReference, options: AuthenticationOptions): Promise<string> {
  try {
    return await options.resolveSecret(reference);
  } catch (thrown) {
    if (thrown instanceof TyrianError) throw thrown;
    // Without the cause: what a resolver says may quote what it read.
    throw new TyrianError("secret-unresolved", `The secret ${reference} did not resolve.`);
  }
}

async function readKey(
  file: string,
  passphrase: string | undefined,
  target: string,
  options: AuthenticationOptions,
): Promise<ParsedKey> {
  const unusable = (problem: string): TyrianError =>
    new TyrianError("auth-failed", `The key file ${file} for ${target} cannot be used: ${problem}.`);
  let text: Buffer;
  try {
    const found = await stat(file);
    const { mode, size } = found;
    // A device or a pipe could be read for ever.
    if (!found.isFile()) throw unusable("it is not a regular file");
    if (size > 1024 * 1024) throw unusable("it is too large for a key");
    if ((mode & 0o077) !== 0)
      options.onWarning(`The key file ${file} can be read by others; \`chmod 600\` it.`);
    text = await readFile(file);
  } catch (thrown) {
    throw thrown instanceof TyrianError ? thrown : unusable(messageOf(thrown));
  }
  const { utils } = (await import("ssh2")).default;
  const parsed: unknown = utils.parseKey(text, passphrase);
  const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error) throw unusable(key.message);
  if (!isPrivateKey(key)) throw unusable("it holds no private key");
  return key;
}

function isPrivateKey(key: unknown): key is ParsedKey {
  if (typeof key !== "object" || key === null || !("isPrivateKey" in key)) return false;
  return typeof key.isPrivateKey === "function" && key.isPrivateKey() === true;
}
