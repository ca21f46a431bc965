#!/bin/sh
# A Mac of the lab: the sensors of agents/macos. What only a person can allow is said by check.sh, and does not stop the rest.
set -eu
sh /tmp/tyrian/agent/install.sh
sh /tmp/tyrian/agent/check.sh || echo "see agents/macos/README.md for what is missing"
