import {
  ACCOUNT_FILE,
  CLOUD_USER,
  KEYSTONE_ADDRESS,
  KEYSTONE_FOLDER,
  KEYSTONE_LOG,
  KEYSTONE_LOG_FOLDER,
  KEYSTONE_MANAGE,
  KEYSTONE_PORT,
  KEYSTONE_SERVER,
  KEYSTONE_USER,
} from "./names.js";

const user = String(KEYSTONE_USER);
const configuration = "--config-file /etc/keystone/keystone.conf";
const account = `${KEYSTONE_LOG_FOLDER}/${ACCOUNT_FILE}`;
/** Its own messages are no part of the audit log. */
const quiet = "> /var/log/keystone-start.log 2>&1 < /dev/null";

/**
 * Makes Keystone's database, keys and account, and starts it before sshd; it lives until the host ends. The password goes through
 * the environment, which others cannot read. What the making logged is no call of anybody and is thrown away.
 */
export const KEYSTONE_START = `as_keystone() {
  setpriv --reuid ${user} --regid ${user} --clear-groups --inh-caps=-all --bounding-set=-all \\
    env HOME=${KEYSTONE_FOLDER} LC_ALL=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1 "$@"
}
{
as_keystone ${KEYSTONE_MANAGE} ${configuration} db_sync
as_keystone ${KEYSTONE_MANAGE} ${configuration} fernet_setup --keystone-user ${user} --keystone-group ${user}
export OS_BOOTSTRAP_PASSWORD
read -r OS_BOOTSTRAP_PASSWORD < /etc/keystone/bootstrap-password
as_keystone ${KEYSTONE_MANAGE} ${configuration} \\
  bootstrap --bootstrap-username ${CLOUD_USER} --bootstrap-public-url ${KEYSTONE_ADDRESS} --bootstrap-region-id lab
unset OS_BOOTSTRAP_PASSWORD
rm /etc/keystone/bootstrap-password
as_keystone /usr/bin/python3 -c "import sqlite3; print(sqlite3.connect('${KEYSTONE_FOLDER}/keystone.db').execute('select user_id from local_user').fetchone()[0])" > ${account}
} ${quiet}
rm -f ${KEYSTONE_LOG_FOLDER}/*.log
as_keystone setsid ${KEYSTONE_SERVER} --port ${String(KEYSTONE_PORT)} --host 127.0.0.1 -- ${configuration} ${quiet} &
tries=0
until curl -q -s -o /dev/null ${KEYSTONE_ADDRESS}; do
  tries=$((tries + 1))
  [ $tries -lt 300 ]
  sleep 0.1
done
[ -f ${KEYSTONE_LOG_FOLDER}/${KEYSTONE_LOG} ]`;
