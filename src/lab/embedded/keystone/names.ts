/** The uid and gid of Keystone's user on a host; nobody can log in as it. */
export const KEYSTONE_USER = 94;

/** Where Keystone has its database, its keys and its configuration, and where its log; each host's own, and away with it. */
export const KEYSTONE_FOLDER = "/var/lib/keystone";
export const KEYSTONE_LOG_FOLDER = "/var/log/keystone";
export const KEYSTONE_LOG = "keystone-wsgi-public.log";

/** Its programs, as Debian has them. */
export const KEYSTONE_MANAGE = "/usr/bin/keystone-manage";
export const KEYSTONE_SERVER = "/usr/bin/keystone-wsgi-public";

/** Where it answers, on the host itself only. */
export const KEYSTONE_PORT = 5000;
export const KEYSTONE_ADDRESS = `http://127.0.0.1:${String(KEYSTONE_PORT)}/v3`;

/** The account in whose name the procedures call, and nobody else does. */
export const CLOUD_USER = "tyrian";
/** The entry of clouds.yaml that stands for it. */
export const CLOUD_NAME = "tyrian-lab";

/** The file in which the start of a host leaves the account's id, in the folder of the log. */
export const ACCOUNT_FILE = "account";
