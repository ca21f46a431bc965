#!/bin/sh
# A KVM hypervisor of the lab: libvirt with its API log, virsh for the user `vagrant`, and the sensors of agents/hypervisor and agents/linux.
set -eu
if ! command -v virsh >/dev/null || ! command -v laurel >/dev/null; then
  apt-get update -q || { echo "error: there is no way to the archive: TYRIAN_LAB_UPLINK=1 vagrant up" >&2; exit 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    auditd laurel libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils
fi
usermod -a -G libvirt vagrant
sh /tmp/tyrian/hypervisor-agent/install.sh
sh /tmp/tyrian/agent/install.sh
sh /tmp/tyrian/agent/check.sh
