#!/usr/bin/env bash
# Builds loop-hw's tests for aarch64, a Raspberry Pi's processor, and runs those of panel and bus here, each instruction
# emulated.
#   arm.sh [FILTER...]     other tests than those whose names contain panel:: or bus::
set -euo pipefail
cd "$(dirname "$0")/../.."
target=aarch64-unknown-linux-gnu

# Its own folder: another compiler would build everything anew each time, for both.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/arm
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -L /usr/aarch64-linux-gnu"
if [ ! -d "$(rustc --print target-libdir --target $target)" ]; then
  export RUSTC=/usr/bin/rustc # Debian's, whose library for aarch64 is a package
fi
[ $# -gt 0 ] || set -- panel:: bus::
exec "${CARGO:-cargo}" test --package loop-hw --lib --target $target -- "$@"
