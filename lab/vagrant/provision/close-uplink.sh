#!/bin/sh
# Leaves this machine its own networks only. Providers other than libvirt give every machine a card that leads to the internet, which Vagrant itself needs.
set -eu
# Two halves of the internet are nearer than any default route. What is on a network of the machine's own is nearer still.
if [ "$(uname -s)" = Darwin ]; then
  route -n add -net 0.0.0.0/1 127.0.0.1 -reject 2>/dev/null || true
  route -n add -net 128.0.0.0/1 127.0.0.1 -reject 2>/dev/null || true
  exit 0
fi
cat > /etc/systemd/system/tyrian-no-uplink.service <<'UNIT'
[Unit]
Description=No way out of the lab
DefaultDependencies=no
Before=network-pre.target
Wants=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for half in 0.0.0.0/1 128.0.0.0/1; do ip -4 route replace unreachable $half; done; for half in ::/1 8000::/1; do ip -6 route replace unreachable $half || true; done'
ExecStop=/bin/sh -c 'for half in 0.0.0.0/1 128.0.0.0/1; do ip -4 route del unreachable $half; done; for half in ::/1 8000::/1; do ip -6 route del unreachable $half || true; done'
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet tyrian-no-uplink
systemctl restart tyrian-no-uplink
