#!/bin/sh
# Makes libvirt on this host log the calls of its API about domains. May be run again: what is as it should be is left alone.
# Downloads nothing. See README.md.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
require_root
[ -f "$configuration" ] || fail "there is no $configuration: is libvirt installed?"
require_whole_block

# libvirt takes one value of each; an administrator's own is not overruled.
without_block "$configuration" | grep -Eq '^[[:space:]]*log_(filters|outputs)[[:space:]]*=' &&
  fail "$configuration sets log_filters or log_outputs: add the values of $here/libvirtd.conf to them, separated by blanks"

mkdir -p "$(dirname "$log")" || fail "the folder of $log cannot be made"
if [ ! -d "$(dirname "$rotation")" ]; then
  echo "there is no logrotate here: see that $log does not grow without end"
elif ! cmp -s "$here/logrotate.conf" "$rotation"; then
  cp "$here/logrotate.conf" "$rotation" && chmod 644 "$rotation" || fail "$rotation cannot be written"
  echo "set: $rotation"
fi
if rewrite with_block; then
  echo "set: $configuration"
  restart
fi
echo "Then: sh $here/check.sh"
