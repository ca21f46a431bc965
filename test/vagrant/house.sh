#!/bin/sh
# A libvirtd of our own, which sees and touches nothing of the machine's: its networks, its mounts, its processes, its layers over /etc and /var.
#   unshare --mount --net --pid --fork --kill-child --mount-proc sh house.sh FOLDER
# Prints `ready`, and ends with its standard input.
set -eu
folder=$1
ip link set lo up
for place in etc var; do
  mkdir -p "$folder/$place" "$folder/$place.work"
  mount -t overlay overlay -o "lowerdir=/$place,upperdir=$folder/$place,workdir=$folder/$place.work" "/$place"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /etc/libvirt
# The user that Debian's libvirt-daemon-system makes: libvirtd looks for it before it reads its configuration.
if ! id libvirt-qemu >/dev/null 2>&1; then
  echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin' >> /etc/passwd
  echo 'libvirt-qemu:x:64055:' >> /etc/group
fi
cat > /etc/libvirt/qemu.conf <<'CONF'
user = "root"
group = "root"
security_driver = "none"
stdio_handler = "file"
cgroup_controllers = [ ]
namespaces = [ ]
CONF
printf 'unix_sock_group = "root"\nauth_unix_rw = "none"\n' > /etc/libvirt/libvirtd.conf
libvirtd > "$folder/libvirtd.log" 2>&1 &
tries=0
until virsh -c qemu:///system list >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -le 200 ] || { tail -n 20 "$folder/libvirtd.log" >&2; exit 1; }
  sleep 0.1
done
echo ready
cat > /dev/null
