#!/bin/sh
# A KVM hypervisor of the lab: libvirt with its API log, virsh for the user `vagrant`, and the sensors of agents/linux.
set -eu
if ! command -v virsh >/dev/null || ! command -v laurel >/dev/null; then
  apt-get update -q || { echo "error: there is no way to the archive: TYRIAN_LAB_UPLINK=1 vagrant up" >&2; exit 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    auditd laurel libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils
fi
usermod -a -G libvirt vagrant
mkdir -p /var/log/libvirt
# Each call of the API, with the domain that it is about.
for line in 'log_filters="1:libvirt 4:*"' 'log_outputs="1:file:/var/log/libvirt/libvirtd.log"'; do
  grep -Fxq "$line" /etc/libvirt/libvirtd.conf || echo "$line" >> /etc/libvirt/libvirtd.conf
done
systemctl restart libvirtd
sh /tmp/tyrian/agent/install.sh
sh /tmp/tyrian/agent/check.sh
