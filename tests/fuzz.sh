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
triple=$(rustc -vV | sed -n 's/^host: //p')
home=loop-proto/fuzz
options=(--fuzz-dir "$home" --target "$triple" --target-dir "$home/target" --sanitizer none)

cargo run --quiet --locked --manifest-path "$home/Cargo.toml" --example seeds
"${fuzz[@]}" build "${options[@]}"

failed=()
for target in $("${fuzz[@]}" list --fuzz-dir "$home"); do
    echo "== $target, $seconds s"
    log=$(mktemp)
    mkdir -p "$home/artifacts/$target"
    # The program itself: "cargo fuzz run" would build once more for each target.
    if "$home/target/$triple/release/$target" "$home/corpus/$target" -artifact_prefix="$home/artifacts/$target/" \
        -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 >"$log" 2>&1; then
        grep -E '^(Done|stat::number_of_executed_units|stat::peak_rss_mb)' "$log"
    else
        failed+=("$target")
        tail -n 60 "$log"
    fi
    rm -f "$log"
done
[[ ${#failed[@]} -eq 0 ]] || { echo "broken: ${failed[*]}" >&2; exit 1; }
