#!/bin/sh
# Builds a small Debian box for vagrant-libvirt: sh build.sh OUT.box. As root; needs mmdebstrap, e2fsprogs and qemu-utils, and reads Debian's archive.
# It has no boot loader: the box brings its kernel, which the hypervisor starts. Nothing is mounted, so it can be built in a container.
set -eu

[ $# -eq 1 ] || { echo "usage: sh build.sh OUT.box" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "error: run this as root" >&2; exit 1; }
for program in mmdebstrap mke2fs qemu-img; do
  command -v "$program" >/dev/null || { echo "error: $program is absent: apt-get install mmdebstrap e2fsprogs qemu-utils" >&2; exit 1; }
done
here=$(cd "$(dirname "$0")" && pwd)
out=$1
key=$(find /usr/share/rubygems-integration /opt/vagrant -path "*/keys/vagrant.pub" 2>/dev/null | head -n 1)
[ -n "$key" ] || { echo "error: Vagrant is absent, whose public key the box lets in" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The sensors' packages are in it, since machines of the lab have no way to the internet.
packages=linux-image-cloud-amd64,systemd-sysv,udev,dbus,ifupdown,isc-dhcp-client,iproute2,openssh-server,sudo,ca-certificates,auditd,laurel,rsyslog,rsyslog-openssl,rsyslog-elasticsearch,python3-minimal,procps
mmdebstrap --quiet --variant=minbase --include="$packages" bookworm "$work/root.tar"

mkdir "$work/root" "$work/box"
tar -C "$work/root" -xf "$work/root.tar" --exclude='./dev/*'
rm "$work/root.tar"
cp "$work/root"/boot/vmlinuz-* "$work/box/vmlinuz"
cp "$work/root"/boot/initrd.img-* "$work/box/initrd.img"
rm -rf "$work/root"/var/cache/apt/archives/*.deb "$work/root"/var/lib/apt/lists/*

chroot "$work/root" useradd --create-home --shell /bin/bash vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' > "$work/root/etc/sudoers.d/vagrant"
chmod 440 "$work/root/etc/sudoers.d/vagrant"
# Vagrant's well-known key; `vagrant up` puts one of the machine's own in its place.
install -d -m 700 -o 1000 -g 1000 "$work/root/home/vagrant/.ssh"
install -m 600 -o 1000 -g 1000 "$key" "$work/root/home/vagrant/.ssh/authorized_keys"
echo debian12 > "$work/root/etc/hostname"
echo '127.0.0.1 localhost debian12' > "$work/root/etc/hosts"
echo '/dev/vda / ext4 defaults,noatime 0 1' > "$work/root/etc/fstab"
printf 'auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n' > "$work/root/etc/network/interfaces"
# Each machine makes host keys of its own when it first starts.
rm -f "$work/root"/etc/ssh/ssh_host_*
cat > "$work/root/etc/systemd/system/ssh-host-keys.service" <<'UNIT'
[Unit]
Description=Host keys of this machine
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
[Install]
WantedBy=multi-user.target
UNIT
ln -s ../ssh-host-keys.service "$work/root/etc/systemd/system/multi-user.target.wants/ssh-host-keys.service"
: > "$work/root/etc/machine-id"

mke2fs -F -q -t ext4 -L root -d "$work/root" "$work/disk.raw" 2G
qemu-img convert -f raw -O qcow2 "$work/disk.raw" "$work/box/box.img"
rm -rf "$work/root" "$work/disk.raw"

echo '{"provider": "libvirt", "format": "qcow2", "virtual_size": 2}' > "$work/box/metadata.json"
cp "$here/Vagrantfile" "$work/box/Vagrantfile"
tar -C "$work/box" -czf "$out.new" metadata.json Vagrantfile box.img vmlinuz initrd.img
mv "$out.new" "$out"
