# What the scripts of this folder have in common. Sourced, not run.

labels="org.tyrian.eslogger org.tyrian.unifiedlog"
# Not always running: launchd starts it every five minutes.
rotation=org.tyrian.rotate
daemons=/Library/LaunchDaemons
subsystems=/Library/Preferences/Logging/Subsystems
subsystem=com.apple.appleevents.plist
logs=/var/log/tyrian
backups=/Library/Application\ Support/Tyrian

fail() {
  echo "error: $*" >&2
  exit 1
}

# eslogger came with macOS 13, which is Darwin 22.
require_mac() {
  [ "$(uname -s)" = Darwin ] || fail "this is no Mac"
  release=$(uname -r)
  [ "${release%%.*}" -ge 22 ] || fail "macOS 13 or later is needed, which has eslogger"
}

require_root() {
  [ "$(id -u)" -eq 0 ] || fail "run this as root: sudo sh $0"
}

# Puts a file in its place, unless it is there as it should be. True when something changed.
put() {
  cmp -s "$1" "$2" && return 1
  cp "$1" "$2" && chown root:wheel "$2" && chmod 644 "$2" || fail "$2 cannot be written"
}
