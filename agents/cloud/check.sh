#!/bin/sh
# Whether calls of an API reach a log: calls it once with a user agent of its own, and looks for that word in the log.
# usage: check.sh LOGFILE [SECONDS [CURL-CONFIGURATION]]
# Exit status: 0 it arrived, 1 it did not, 2 the API or the log could not be used.
log=${1:-} seconds=${2:-30} configuration=${3:-/etc/tyrian/api-sentinel.conf}
if [ -z "$log" ] || [ "$#" -gt 3 ]; then
  echo "usage: check.sh LOGFILE [SECONDS [CURL-CONFIGURATION]]" >&2
  exit 2
fi
for file in "$log" "$configuration"; do
  if [ ! -r "$file" ]; then
    echo "$file cannot be read" >&2
    exit 2
  fi
done
word="tyrian-check-$$-$(date +%s)"
if ! curl -q -K "$configuration" -m 10 -f -s -o /dev/null -A "$word" </dev/null; then
  echo "the API did not take the call of $configuration" >&2
  exit 2
fi
while ! grep -qF -- "$word" "$log"; do
  if [ "$seconds" -le 0 ]; then
    echo "the call did not arrive in $log: is the audit log switched on, and is $log this API's?" >&2
    exit 1
  fi
  seconds=$((seconds - 1))
  sleep 1
done
echo "calls of the API arrive in $log"
