#!/usr/bin/env bash
# Builds loop-hw's tests for aarch64, a Raspberry Pi's processor, and runs those of panel and bus here, each instruction
# emulated.
#   arm.sh [FILTER...]     other tests than those
set -euo pipefail
cd "$(dirname "$0")/../.."
target=aarch64-unknown-linux-gnu

# Its own folder: another compiler would build everything anew each time, for both.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/arm
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
# The C library of the compiler's package only where the system has none for aarch64: a loader of one and a library of the
# other hang in the first thread that is started.
libraries=/
[ -e /lib/ld-linux-aarch64.so.1 ] || libraries=/usr/aarch64-linux-gnu
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -L $libraries"
if [ ! -d "$(rustc --print target-libdir --target $target)" ]; then
  export RUSTC=/usr/bin/rustc # Debian's, whose library for aarch64 is a package
fi
# The emulator does not know the calls to SPI and GPIO devices, so their errors are others.
[ $# -gt 0 ] || set -- panel:: bus:: --skip bus::chip:: --skip bus::spidev::
exec "${CARGO:-cargo}" test --package loop-hw --lib --target $target -- "$@"
