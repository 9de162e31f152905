#!/bin/sh
# Installs what is missing: Debian packages where we may, else it says how, and the page's modules.
#   setup.sh run|test|bench|device|arm|deb
set -eu
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
what=${1:-run}
arm=aarch64-unknown-linux-gnu

need() { # command or file, package
  if ! command -v "$1" >/dev/null 2>&1 && ! [ -e "$1" ]; then
    missing="$missing $2"
  elif dpkg-query -W "$2" >/dev/null 2>&1; then
    there="$there $2"
  fi
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

look() { # into missing: packages without which it cannot be done; into there: those that are there for it
  missing='' there=''
  links || missing=" gcc libc6-dev"
  [ "$what" = run ] || need python3 python3
  case $what in
    test)
      need chromium chromium
      need ffmpeg ffmpeg
      need curl curl
      need /usr/lib/python3/dist-packages/prometheus_client python3-prometheus-client
      need strace strace
      need dbus-daemon dbus-daemon
      need /usr/lib/python3/dist-packages/dbusmock python3-dbusmock
      python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
      ;;
    bench)
      need ffmpeg ffmpeg
      need valgrind valgrind
      need wrk wrk
      ;;
    device)
      need qemu-system-x86_64 qemu-system-x86
      need qemu-img qemu-utils
      need mmdebstrap mmdebstrap
      need mke2fs e2fsprogs
      need cpio cpio
      need modprobe kmod
      need /bin/busybox busybox-static
      need /usr/share/doc/linux-headers-amd64 linux-headers-amd64
      ;;
    arm | deb)
      need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
      need /usr/aarch64-linux-gnu/lib/crt1.o libc6-dev-arm64-cross
      need qemu-aarch64-static qemu-user-static
      if ! [ -d "$(rustc --print target-libdir --target "$arm")" ]; then
        need /usr/bin/rustc rustc-web
        need "/usr/lib/rustlib/$arm/lib" libstd-rust-web-dev:arm64
      fi
      [ "$what" = arm ] || {
        need lintian lintian
        need readelf binutils
      }
      ;;
  esac
}

# The page is not needed to test the programs on a device.
case $what in device | arm) tools=cargo page=no ;; *) tools="cargo node npm" page=yes ;; esac
for tool in $tools; do
  command -v "$tool" >/dev/null 2>&1 || {
    echo "$tool is missing: install Rust from https://rustup.rs and Node.js 20 or newer, then try again." >&2
    exit 1
  }
done
at_least Rust "$(cargo --version | cut -d ' ' -f 2)" 1.90 https://rustup.rs
[ $page = no ] || at_least Node.js "$(node --version | tr -d v)" 20.19 https://nodejs.org

look
if [ -n "$missing" ]; then
  # What is there is asked for, too, and nothing may go: else apt-get takes away, without a word, what a new package does
  # not go with, instead of bringing both to the same version.
  install="apt-get install -y --no-remove --no-install-recommends$missing$there" add=
  case $missing in
    *:arm64*) dpkg --print-foreign-architectures | grep -qx arm64 || add="dpkg --add-architecture arm64" ;;
  esac
  if [ "$(id -u)" = 0 ]; then
    $add
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $install
  elif sudo -n true 2>/dev/null; then
    ${add:+sudo $add}
    sudo apt-get update -qq
    sudo DEBIAN_FRONTEND=noninteractive $install
  else
    echo "Some packages are missing. Install them and try again:" >&2
    echo "  ${add:+sudo $add && }sudo apt-get update && sudo $install" >&2
    exit 1
  fi
  look
  [ -z "$missing" ] || {
    echo "These packages were installed and yet are not there:$missing. What does apt-get say of them?" >&2
    exit 1
  }
fi
[ $page = yes ] || exit 0

# What asks everything of the interface below /api.
wanted=tests/api/requirements.txt there=target/schemathesis
if [ "$what" = test ] && ! cmp -s $wanted $there/requirements.txt; then
  python3 -m venv --clear $there
  $there/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $wanted
  cp $wanted $there
fi

# npm leaves this file behind when it is done.
installed=spa/node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ spa/package-lock.json -nt "$installed" ]; then
  (cd spa && npm ci --no-audit --no-fund)
  touch "$installed"
fi
