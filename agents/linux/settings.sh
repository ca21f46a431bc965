# What the scripts of this folder have in common. Sourced, not run.

PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
# The machine whose files are meant: empty for this one, else a folder with its root (--root).
root=
sysmon=no
shortest_backlog=8192

fail() {
  echo "error: $*" >&2
  exit 1
}

# Reads the options of a script and sets where things lie.
prepare() {
  while [ $# -gt 0 ]; do
    case $1 in
      --root)
        [ -d "${2-}" ] || fail "--root wants the folder of a root file system"
        root=${2%/}
        shift
        ;;
      --sysmon) sysmon=yes ;;
      *)
        echo "usage: sh $0 [--root FOLDER] [--sysmon]" >&2
        exit 2
        ;;
    esac
    shift
  done
  [ "$(uname -s)" = Linux ] || fail "this is no Linux host"
  [ "$(id -u)" -eq 0 ] || fail "run this as root: sudo sh $0"
  rules=$root/etc/audit/rules.d/60-tyrian.rules
  laurel=$root/etc/laurel/config.toml
  plugin=$root/etc/audit/plugins.d/laurel.conf
  logs=$root/var/log/laurel
  backups=$root/var/lib/tyrian-agent
  kept_configuration=/opt/sysmon/config.xml
  ! [ -e "$backups/sysmon" ] || sysmon=yes
  [ "$sysmon" = no ] || [ -z "$root" ] || fail "Sysmon is configured on the machine itself, without --root"
}

# The rules alone, one a line.
own_rules() {
  grep '^-a' "$here/tyrian.rules"
}

# The rules of ours that the kernel has, those of an earlier version too.
loaded_rules() {
  auditctl -l 2>/dev/null | grep -e ' -F key=tyrian_[a-z]*$'
}

# Takes rules of ours out of the kernel: those that standard input does not name.
unload_but() {
  kept=$(cat)
  loaded_rules | while read -r rule; do
    echo "$kept" | grep -Fxq -e "$rule" && continue
    # shellcheck disable=SC2086 # a rule is several words
    auditctl -d ${rule#-a } || fail "the kernel keeps the rule: $rule"
  done || exit 1
}

# A number of the kernel's audit; nothing when it cannot be asked.
audit_number() {
  auditctl -s 2>/dev/null | sed -n "s/^$1 //p"
}

laurel_runs() {
  for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/exe" 2>/dev/null)" = /usr/sbin/laurel ]; then return 0; fi
  done
  return 1
}

# Waits up to 10 seconds until a command is true.
within_time() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || return 1
    sleep 0.1
  done
}

daemon_runs() {
  case $(audit_number pid) in '' | 0) return 1 ;; esac
}
