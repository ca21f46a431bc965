#!/bin/sh
# A Linux host of the lab: the sensors of agents/linux.
set -eu
if ! command -v auditctl >/dev/null || ! command -v laurel >/dev/null; then
  apt-get update -q || { echo "error: auditd and laurel are absent and there is no way to the archive: TYRIAN_LAB_UPLINK=1 vagrant up" >&2; exit 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends auditd laurel
fi
sh /tmp/tyrian/agent/install.sh
sh /tmp/tyrian/agent/check.sh
mkdir -p /opt/tyrian
rm -rf /opt/tyrian/agent
mv /tmp/tyrian/agent /opt/tyrian/agent
