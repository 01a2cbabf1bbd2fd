#!/bin/sh
# screenshots.sh INLET DIRECTORY: starts a server with the demo's sources and some events, and takes pictures of its pages.
set -e
inlet=$1 directory=$2 here=$(dirname "$0")
work=$(mktemp -d)
token=screenshots-$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
INLET_MANAGEMENT_TOKEN=$token "$inlet" serve --demo --listen 127.0.0.1:18790 --data-dir "$work/data" > "$work/out" 2> "$work/log" &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
for _ in $(seq 300); do curl -sf http://127.0.0.1:18790/readyz > /dev/null && break; sleep 0.1; done
node "$here/events.mjs" http://127.0.0.1:18790 "$token"
node "$here/screenshots.mjs" http://127.0.0.1:18790 "$token" "$directory"
