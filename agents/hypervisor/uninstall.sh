#!/bin/sh
# Takes away what install.sh has set. The log is kept unless --logs is given.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"
require_root

if [ -f "$configuration" ]; then
  require_whole_block
  if rewrite without_block; then restart; fi
fi
rm -f "$rotation" || fail "$rotation cannot be removed"
if [ "${1-}" = --logs ]; then
  rm -f "$log" "$log".* || fail "$log cannot be removed"
fi
echo "removed"
