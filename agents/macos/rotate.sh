#!/bin/sh
# Begins a log of this agent anew when it is longer than 50 MB, and keeps 4 older ones. Run by launchd (org.tyrian.rotate). launchd
# opens the file of a job when it starts the job, so that the job is started again: newsyslog would leave it writing to the old file.
# What happens meanwhile is not logged; Tyrian sees that by the numbers of the messages, and decides nothing by it.
set -u
logs=/var/log/tyrian
most=52428800

for name in eslogger unifiedlog; do
  log=$logs/$name.ndjson
  [ -f "$log" ] && [ "$(wc -c < "$log")" -gt "$most" ] || continue
  for number in 3 2 1; do
    [ ! -f "$log.$number" ] || mv -f "$log.$number" "$log.$((number + 1))" || exit 1
  done
  mv -f "$log" "$log.1" && launchctl kickstart -k "system/org.tyrian.$name" || exit 1
done
