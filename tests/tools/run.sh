#!/bin/sh
# Starts both daemons with a simulated panel and prints where the page is. Ctrl-C stops both.
#   LOOP_DATA         keep media and settings in this folder; without it they go with Ctrl-C
#   LOOP_WEB_LISTEN   where to listen, several with commas; without it 127.0.0.1:8080, or the next free port
set -eu
cd "$(dirname "$0")/../.."

scratch=$(mktemp -d)
: "${LOOP_DATA:=$scratch/data}"
if [ -z "${LOOP_WEB_LISTEN:-}" ]; then
  port=$(node -e '
    const try_port = (port) => require("net").createServer()
      .on("error", () => try_port(port + 1))
      .listen(port, "127.0.0.1", function () { console.log(port); this.close(); });
    try_port(8080);')
  LOOP_WEB_LISTEN=127.0.0.1:$port
fi
address=${LOOP_WEB_LISTEN%%,*}
export LOOP_WEB_LISTEN LOOP_PATHS_DATA="$LOOP_DATA" LOOP_PATHS_SOCKET="$scratch/hw.sock"
export LOOP_PANEL_KIND="${LOOP_PANEL_KIND:-simulated}"

pids=
stop() {
  trap - INT TERM EXIT
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$scratch"
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

target/release/loop-hw & pids="$pids $!"
target/release/loop-web & pids="$pids $!"

tries=0
until node -e "fetch('http://$address/health/ready').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"; do
  tries=$((tries + 1))
  for pid in $pids; do kill -0 "$pid" 2>/dev/null || tries=50; done
  [ "$tries" -lt 50 ] || { echo "LOOP did not start; the lines above say why." >&2; exit 1; }
  sleep 0.2
done
echo
echo "  LOOP is at http://$address"
echo "  Ctrl-C stops it."
echo
wait
