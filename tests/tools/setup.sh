#!/bin/sh
# Installs what is missing: Debian packages where we may, else it says how, and the page's modules.
#   setup.sh run|test
set -eu
cd "$(dirname "$0")/../.."

need() { # command, package
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

# gcc only recommends the C library's files, and without them nothing links.
links() {
  program=$(mktemp)
  echo 'int main(void) { return 0; }' | cc -x c -o "$program" - 2>/dev/null && linked=0 || linked=1
  rm -f "$program"
  return $linked
}

at_least() { # program, the version it has, the lowest that will do, where to get it
  printf '%s\n' "$3" "$2" | sort -V -C || {
    echo "$1 $2 is too old: install $1 $3 or newer from $4, then try again." >&2
    exit 1
  }
}

missing=
links || missing="gcc libc6-dev"
if [ "${1:-run}" = test ]; then
  need chromium chromium
  need ffmpeg ffmpeg
  need curl curl
  need python3 python3
fi
for tool in cargo node npm; do
  command -v "$tool" >/dev/null 2>&1 || {
    echo "$tool is missing: install Rust from https://rustup.rs and Node.js 20 or newer, then try again." >&2
    exit 1
  }
done
at_least Rust "$(cargo --version | cut -d ' ' -f 2)" 1.90 https://rustup.rs
at_least Node.js "$(node --version | tr -d v)" 20.19 https://nodejs.org

if [ -n "$missing" ]; then
  install="apt-get install -y --no-install-recommends $missing"
  if [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $install
  elif sudo -n true 2>/dev/null; then
    sudo apt-get update -qq
    sudo DEBIAN_FRONTEND=noninteractive $install
  else
    echo "Some packages are missing. Install them and try again:" >&2
    echo "  sudo apt-get update && sudo $install" >&2
    exit 1
  fi
fi

# npm leaves this file behind when it is done.
installed=spa/node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ spa/package-lock.json -nt "$installed" ]; then
  (cd spa && npm ci --no-audit --no-fund)
  touch "$installed"
fi
