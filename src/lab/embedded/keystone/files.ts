import { randomBytes } from "node:crypto";
import { appendFileSync, chownSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TyrianError } from "../../../errors.js";
import { makeHostFolder, writeHostFile } from "../accounts.js";
import { findProgram } from "../commands.js";
import { hostFolder } from "../host.js";
import type { LabPlace } from "../state.js";
import type { LabHost } from "../types.js";
import * as names from "./names.js";

/** @throws TyrianError `requirement-missing` with the one command that installs Keystone and its client. */
export function requireKeystone(): void {
  const files = [names.KEYSTONE_MANAGE, names.KEYSTONE_SERVER, "/usr/bin/openstack", "/usr/bin/curl"];
  if (files.every((file) => existsSync(file)) && findProgram("python3") !== null) return;
  throw new TyrianError("requirement-missing", "a host of the profile cloud needs Keystone and its client", {
    hint: "apt-get install -y --no-install-recommends keystone python3-openstackclient curl",
  });
}

/** The folder of a host's Keystone log, as seen from this machine. */
function logFolder(folder: string, host: Pick<LabHost, "name">): string {
  return join(folder, "hosts", host.name, "keystone-log");
}

/**
 * The audit log of a host's Keystone, as seen from this machine.
 * @param folder the lab's
 */
export function keystoneLog(folder: string, host: Pick<LabHost, "name">): string {
  return join(logFolder(folder, host), names.KEYSTONE_LOG);
}

/** The id of the account in whose name the procedures call Keystone; it is there once the host has started. */
export function keystoneAccount(folder: string, host: Pick<LabHost, "name">): string {
  const id = readFileSync(join(logFolder(folder, host), names.ACCOUNT_FILE), "utf8").trim();
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw new TyrianError("lab-failed", `Keystone of ${host.name} did not tell the id of its account`);
}

/**
 * As in agents/cloud/keystone.conf: every notification in the log, in the format CADF, and every request with its method and path.
 * Answers are not cached, or a deleted object would be there a while.
 */
export function keystoneConfiguration(): string {
  const { KEYSTONE_FOLDER, KEYSTONE_LOG_FOLDER } = names;
  return `[DEFAULT]
log_dir = ${KEYSTONE_LOG_FOLDER}
notification_format = cadf
notification_opt_out =
default_log_levels = sqlalchemy=WARN,oslo.messaging=INFO,keystone=INFO,keystone.server.flask.request_processing.req_logging=DEBUG
[oslo_messaging_notifications]
driver = log
[database]
connection = sqlite:///${KEYSTONE_FOLDER}/keystone.db
[cache]
enabled = false
[token]
provider = fernet
[fernet_tokens]
key_repository = ${KEYSTONE_FOLDER}/fernet-keys
[fernet_receipts]
key_repository = ${KEYSTONE_FOLDER}/fernet-keys
[credential]
key_repository = ${KEYSTONE_FOLDER}/fernet-keys
`;
}

/**
 * Writes what a client of Keystone has beside the files of any host. The password is made here, once for each host. It is in files
 * that only the operator or Keystone can read, and in no command line.
 */
export function prepareKeystone(place: LabPlace, host: LabHost): void {
  const folder = hostFolder(place, host);
  const layer = join(folder, "layer");
  const password = randomBytes(24).toString("base64url");
  const secret = (path: string, text: string, owner: number): void => {
    writeHostFile(layer, path, text, 0o600);
    chownSync(join(layer, path), owner, owner);
  };
  makeHostFolder(folder, "keystone-log", 0o755);
  chownSync(logFolder(place.folder, host), names.KEYSTONE_USER, names.KEYSTONE_USER);
  for (const path of [names.KEYSTONE_FOLDER, names.KEYSTONE_LOG_FOLDER]) {
    makeHostFolder(layer, path, 0o700);
    chownSync(join(layer, path), names.KEYSTONE_USER, names.KEYSTONE_USER);
  }
  secret("etc/keystone/bootstrap-password", `${password}\n`, names.KEYSTONE_USER);
  writeHostFile(layer, "etc/keystone/keystone.conf", keystoneConfiguration());
  const user = String(names.KEYSTONE_USER);
  appendFileSync(join(layer, "etc/passwd"), `keystone:x:${user}:${user}::/nonexistent:/usr/sbin/nologin\n`);
  appendFileSync(join(layer, "etc/group"), `keystone:x:${user}:\n`);
  writeHostFile(
    layer,
    "etc/openstack/clouds.yaml",
    `clouds:
  ${names.CLOUD_NAME}:
    auth:
      auth_url: ${names.KEYSTONE_ADDRESS}
      username: ${names.CLOUD_USER}
      project_name: admin
      user_domain_id: default
      project_domain_id: default
    region_name: lab
    identity_api_version: 3
`,
  );
  const secure = `clouds:\n  ${names.CLOUD_NAME}:\n    auth:\n      password: ${password}\n`;
  secret("etc/openstack/secure.yaml", secure, host.operator);
  secret("etc/tyrian/cloud-login.json", JSON.stringify(loginOf(password)), host.operator);
  const sentinel = [
    `url = "${names.KEYSTONE_ADDRESS}/auth/tokens"`,
    `header = "Content-Type: application/json"`,
    `data = "@/etc/tyrian/cloud-login.json"`,
  ];
  secret("etc/tyrian/api-sentinel.conf", `${sentinel.join("\n")}\n`, host.operator);
}

/** The body of an authentication (Identity API v3, "Password authentication with scoped authorization"). */
function loginOf(password: string): unknown {
  const domain = { id: "default" };
  return {
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: names.CLOUD_USER, domain, password } },
      },
      scope: { project: { name: "admin", domain } },
    },
  };
}
