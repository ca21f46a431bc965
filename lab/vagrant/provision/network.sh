#!/bin/sh
# A router of the lab: FRRouting, and a user `operator` whose login shell is vtysh. Its commands are logged as agents/network/frr.conf says.
set -eu
if ! command -v vtysh >/dev/null; then
  apt-get update -q || { echo "error: there is no way to the archive: TYRIAN_LAB_UPLINK=1 vagrant up" >&2; exit 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends frr
fi
# A network device shows its token where it keeps a text: in the description of a route map, which routes nothing.
token=$(cat /etc/tyrian/lab-token)
{
  cat /tmp/tyrian/agent/frr.conf
  printf 'route-map tyrian permit 10\n description tyrian-lab-token %s\nexit\n' "$token"
} > /etc/frr/frr.conf
chown frr:frr /etc/frr/frr.conf
chmod 640 /etc/frr/frr.conf
id operator >/dev/null 2>&1 || useradd --create-home --shell /usr/bin/vtysh --groups frrvty operator
install -d -m 700 -o operator -g operator /home/operator/.ssh
install -m 600 -o operator -g operator /home/vagrant/.ssh/authorized_keys /home/operator/.ssh/authorized_keys
systemctl enable --quiet frr
systemctl restart frr
