# What the scripts of this folder for libvirt have in common. Sourced, not run.
# ROOT stands before every path that is written, for a machine that is mounted somewhere; empty for this one.

ROOT=${ROOT-}
begin="# begin of Tyrian's settings"
end="# end of Tyrian's settings"
rotation=$ROOT/etc/logrotate.d/tyrian-libvirt-api
log=$ROOT/var/log/libvirt/api.log

fail() {
  echo "error: $*" >&2
  exit 1
}

# The daemon for QEMU of its own where libvirt is split up; else the one for all.
daemon=libvirtd
[ -f "$ROOT/etc/libvirt/libvirtd.conf" ] || [ ! -f "$ROOT/etc/libvirt/virtqemud.conf" ] || daemon=virtqemud
configuration=$ROOT/etc/libvirt/$daemon.conf

require_root() {
  [ -n "$ROOT" ] || [ "$(id -u)" -eq 0 ] || fail "run this as root"
}

# A block that somebody has cut in two would take the rest of the file with it.
require_whole_block() {
  [ "$(grep -cxF "$begin" "$configuration")" -le 1 ] &&
    [ "$(grep -nxF -e "$begin" -e "$end" "$configuration" | grep -c .)" -eq $((2 * $(grep -cxF "$begin" "$configuration"))) ] ||
    fail "the lines of Tyrian in $configuration are not whole: remove them by hand"
}

# The configuration without Tyrian's block.
without_block() {
  awk -v begin="$begin" -v end="$end" '$0 == begin { inside = 1 } !inside { print } $0 == end { inside = 0 }' "$1"
}

# The configuration with Tyrian's block at its end.
with_block() {
  without_block "$1"
  echo "$begin"
  cat "$here/libvirtd.conf"
  echo "$end"
}

# Gives the configuration what with_block or without_block makes of it, and leaves its owner and mode. True when something changed.
rewrite() {
  new=$configuration.tyrian-new
  cp -p "$configuration" "$new" && "$1" "$configuration" > "$new" || fail "$new cannot be written"
  if cmp -s "$new" "$configuration"; then
    rm -f "$new"
    return 1
  fi
  mv "$new" "$configuration" || fail "$configuration cannot be written"
}

# Running domains go on while their daemon is started again.
restart() {
  [ -z "$ROOT" ] || return 0
  if [ -d /run/systemd/system ]; then systemctl try-restart "$daemon" || fail "$daemon does not start again: journalctl -u $daemon"
  else echo "start $daemon again, so that it reads its configuration"; fi
}
