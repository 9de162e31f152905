#!/usr/bin/env bash
# Feeds hostile bytes to everything that reads foreign bytes. Usage: tests/fuzz.sh [SECONDS per target, default 10]
# Ends with 1 and the input's file below loop-proto/fuzz/artifacts/ when a target breaks.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "SECONDS must be a positive number, not '$seconds'" >&2; exit 2; }

cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz

# The coverage instrumentation needs unstable flags: nightly has them, stable only when told.
if cargo +nightly --version >/dev/null 2>&1; then
    fuzz=(cargo +nightly fuzz)
else
    export RUSTC_BOOTSTRAP=1
    fuzz=(cargo fuzz)
fi
# Without a sanitizer: all code of ours is safe, and it builds and runs several times faster.
options=(--fuzz-dir loop-proto/fuzz --sanitizer none)

cargo run --quiet --locked --manifest-path loop-proto/fuzz/Cargo.toml --example seeds
"${fuzz[@]}" build "${options[@]}"

failed=()
for target in $("${fuzz[@]}" list --fuzz-dir loop-proto/fuzz); do
    echo "== $target, $seconds s"
    log=$(mktemp)
    if "${fuzz[@]}" run "${options[@]}" "$target" -- \
        -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 >"$log" 2>&1; then
        grep -E '^(Done|stat::number_of_executed_units|stat::peak_rss_mb)' "$log"
    else
        failed+=("$target")
        tail -n 60 "$log"
    fi
    rm -f "$log"
done
[[ ${#failed[@]} -eq 0 ]] || { echo "broken: ${failed[*]}" >&2; exit 1; }
