#!/bin/sh
# Plants the lab's token, by which Tyrian knows that this machine is one of the lab.
set -eu
mkdir -p /etc/tyrian
chmod 755 /etc/tyrian
mv /tmp/tyrian/lab-token /etc/tyrian/lab-token
chown 0:0 /etc/tyrian/lab-token
# Every user of the machine may read it: it proves where a login ends, and lets nobody in.
chmod 644 /etc/tyrian/lab-token
