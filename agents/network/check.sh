#!/bin/sh
# Whether a device's commands reach a log: gives the device one harmless command with a word of its own, and looks for the word.
# usage: check.sh PROFILE USER@DEVICE LOGFILE [SECONDS]
# Exit status: 0 it arrived, 1 it did not, 2 the device or the log could not be used.
profile=${1:-} device=${2:-} log=${3:-} seconds=${4:-30}
if [ -z "$log" ] || [ "$#" -gt 4 ]; then
  echo "usage: check.sh ios|nxos|junos|eos|frr USER@DEVICE LOGFILE [SECONDS]" >&2
  exit 2
fi
word="tyrian-check-$$-$(date +%s)"
case $profile in
frr) command="show thread cpu $word" ;;
junos) command="show version | match $word" ;;
ios | nxos | eos) command="show users | include $word" ;;
vyos)
  echo "VyOS logs no commands: see vyos.conf" >&2
  exit 2
  ;;
*)
  echo "no such profile: $profile" >&2
  exit 2
  ;;
esac
if [ ! -r "$log" ]; then
  echo "$log cannot be read" >&2
  exit 2
fi
if ! ssh -o BatchMode=yes -o ConnectTimeout=10 -- "$device" "$command" >/dev/null; then
  echo "$device did not take the command" >&2
  exit 2
fi
while ! grep -qF -- "$word" "$log"; do
  if [ "$seconds" -le 0 ]; then
    echo "the command did not arrive in $log: is its logging configured, and is $log this device's?" >&2
    exit 1
  fi
  seconds=$((seconds - 1))
  sleep 1
done
echo "commands of $device arrive in $log"
