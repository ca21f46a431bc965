#!/bin/sh
# Makes an ESXi host send its logs to a receiver, by its own esxcli. Runs in the ESXi shell, or over SSH: ssh root@HOST 'sh -s' -- install URL < esxi.sh
# usage: esxi.sh install|check|uninstall URL; URL such as ssl://192.0.2.5:6514, tcp://192.0.2.5:514 or udp://192.0.2.5:514
# `install` may be run again. Exit status: 0 done or nothing missing, 1 something missing or refused, 2 usage.
set -u
verb=${1:-} url=${2:-}

fail() {
  echo "error: $*" >&2
  exit 1
}

case $url in
ssl://?*:[0-9]* | tcp://?*:[0-9]* | udp://?*:[0-9]*) ;;
*) verb= ;;
esac

# What `esxcli system syslog config get` says behind `Remote Host:`; `<none>` where nothing is set.
receiver() {
  esxcli system syslog config get | sed -n 's/^ *Remote Host: *//p'
}

# Whether the firewall lets syslog out.
open() {
  esxcli network firewall ruleset list --ruleset-id=syslog | grep -Eq '^syslog +true'
}

case $verb in
install)
  now=$(receiver)
  case $now in
  "$url") echo "as it should be: $url" ;;
  "" | "<none>")
    esxcli system syslog config set --loghost="$url" || fail "the receiver cannot be set"
    echo "set: $url"
    ;;
  # A host may have several receivers: an administrator's own is not overruled.
  *) fail "this host sends its logs to $now: set --loghost=$now,$url yourself" ;;
  esac
  if ! open; then
    esxcli network firewall ruleset set --ruleset-id=syslog --enabled=true && esxcli network firewall refresh ||
      fail "the firewall cannot be opened for syslog"
    echo "set: the firewall lets syslog out"
  fi
  esxcli system syslog reload || fail "the syslog daemon does not read its settings"
  # A line by which the receiver can be looked at.
  esxcli system syslog mark --message="tyrian-check" || fail "the host cannot write a mark"
  echo "look for tyrian-check at the receiver"
  ;;
check)
  missing=0
  [ "$(receiver)" = "$url" ] || { echo "missing: the logs go to $(receiver), not to $url"; missing=1; }
  open || { echo "missing: the firewall does not let syslog out"; missing=1; }
  [ "$missing" -eq 1 ] || echo "nothing is missing"
  exit "$missing"
  ;;
uninstall)
  [ "$(receiver)" = "$url" ] || fail "the logs go to $(receiver), which install did not set"
  esxcli system syslog config set --reset=loghost && esxcli system syslog reload || fail "the receiver cannot be reset"
  echo "removed. The firewall still lets syslog out: esxcli network firewall ruleset set --ruleset-id=syslog --enabled=false"
  ;;
*)
  echo "usage: esxi.sh install|check|uninstall ssl://HOST:PORT | tcp://HOST:PORT | udp://HOST:PORT" >&2
  exit 2
  ;;
esac
