import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import ssh2 from "ssh2";

/** What a stand-in for `vagrant` prints, by its words; `status` is its exit status. */
export type Answers = Readonly<Record<string, { stdout?: string; stderr?: string; status?: number }>>;

/** A folder with a program `vagrant` first in PATH that gives the answers; other words are refused. */
export function standInVagrant(folder: string, answers: Answers): NodeJS.ProcessEnv {
  const programs = join(folder, "bin");
  mkdirSync(programs, { recursive: true });
  const cases = Object.entries(answers).map(([words, answer], index) => {
    const { stdout = "", stderr = "", status = 0 } = answer;
    writeFileSync(join(programs, `out${index}`), stdout);
    writeFileSync(join(programs, `err${index}`), stderr);
    return `"${words}") cat "${programs}/out${index}"; cat "${programs}/err${index}" >&2; exit ${status} ;;`;
  });
  const script = `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\nesac\necho "no such words: $*" >&2\nexit 9\n`;
  writeFileSync(join(programs, "vagrant"), script);
  chmodSync(join(programs, "vagrant"), 0o755);
  return { PATH: `${programs}:/usr/bin:/bin` };
}

/** What `vagrant status --machine-readable` says of machines, each NAME=STATE. */
export function status(machines: Readonly<Record<string, string>>): string {
  const rows = Object.entries(machines).flatMap(([name, state]) => [
    `1795553551,${name},metadata,provider,libvirt`,
    `1795553551,${name},provider-name,libvirt`,
    `1795553551,${name},state,${state}`,
    `1795553551,${name},state-human-short,${state.replaceAll("_", " ")}`,
    `1795553551,${name},state-human-long,Some words%!(VAGRANT_COMMA) and\\nmore.`,
  ]);
  return `${rows.join("\n")}\n1795553551,,ui,info,Current machine states:\\n\\n...\n`;
}

export function sshConfig(name: string, port: number, more = ""): string {
  return `Host ${name}
  HostName 127.0.0.1
  User vagrant
  Port ${port}
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile "/a folder/private_key"
  IdentityFile /second
  IdentitiesOnly yes
  LogLevel FATAL
${more}
`;
}

/** An SSH server that shows its key and lets nobody in. */
export async function sshServer(): Promise<{ port: number; hostKey: string; close(): Promise<void> }> {
  const key = ssh2.utils.generateKeyPairSync("ed25519");
  const server = new ssh2.Server({ hostKeys: [key.private] }, (client) => client.on("error", () => {}));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  const close = (): Promise<void> => new Promise((done) => server.close(() => done()));
  return { port: (server.address() as AddressInfo).port, hostKey: key.public.trim(), close };
}
