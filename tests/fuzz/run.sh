#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while. See --help.
set -euo pipefail

usage() {
    cat <<'HELP'
tests/fuzz/run.sh: feeds every parser of outside bytes with what libFuzzer makes up, and stops at the first input that
breaks one of its promises.

    tests/fuzz/run.sh                        every target, as many at a time as there are cores
    tests/fuzz/run.sh params router          these only
    tests/fuzz/run.sh --replay params FILE   one input, once

Needs stable Rust and a C++ compiler. Logs, and inputs that broke something, are written to tests/output/fuzz/.
With cargo-fuzz: cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none TARGET CORPUS tests/fuzz/seeds/TARGET

Environment:
    FUZZ_SECONDS=600    how long each target runs (4)
    FUZZ_SEED=7         where it begins (anywhere)
    CARGO_TARGET_DIR    where to build
HELP
}

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=tests/fuzz output=tests/output/fuzz programs=${CARGO_TARGET_DIR:-target}/debug
seconds=${FUZZ_SECONDS:-4}
targets=() replay=''
while (($#)); do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --replay) targets=("${2:?a target}") replay=${3:?a file}; shift 3 ;;
        -*) echo "unknown argument: $1 (see --help)" >&2; exit 2 ;;
        *) targets+=("$1"); shift ;;
    esac
done
if ((${#targets[@]} == 0)); then
    mapfile -t targets < <(basename -s .rs "$here"/fuzz_targets/*.rs)
fi

locked=()
[[ ${CI:-} != true ]] || locked=(--locked)
# --workspace and --examples (there are none) choose the same features of dependencies as `cargo test --workspace` does,
# so that those are not built again.
RUSTC_WORKSPACE_WRAPPER=$PWD/$here/instrumented-rustc.sh \
    cargo build "${locked[@]}" --workspace --examples "${targets[@]/#/--bin=}"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/uia-fuzz.XXXXXX")
finish() {
    # shellcheck disable=SC2046 # a number a word
    kill $(jobs -p) 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [[ -n $replay ]]; then
    TMPDIR=$scratch "$programs/${targets[0]}" "$replay"
    exit
fi

fuzz() { # fuzz TARGET: a line when it is done; what it leaves in $scratch/failed is told in the end
    local target=$1 log=$output/$1.log place=$scratch/$1 began=$SECONDS dictionary=() program
    mkdir -p "$place/corpus"
    rm -f "$log" "$output/$target"-*
    [[ ! -e $here/seeds/$target.dict ]] || dictionary=("-dict=$here/seeds/$target.dict")
    # libFuzzer's own limits are enough, unless it is its handler of their signals that hangs.
    TMPDIR=$place timeout --kill-after=5 $((seconds + 180)) "$programs/$target" "${dictionary[@]}" \
        -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -max_len=8192 -artifact_prefix="$output/$target-" -print_final_stats=1 "$place/corpus" "$here/seeds/$target" \
        >"$log" 2>&1 &
    program=$!
    trap 'kill "$program"; exit 143' TERM
    if wait "$program" && grep -q 'inline 8-bit counters' "$log"; then
        printf '%s: %s inputs in %d s, %s edges\n' "$target" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" $((SECONDS - began)) \
            "$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 | cut -d' ' -f2)"
    else
        touch "$scratch/failed/$target"
        echo "$target: FAILED"
    fi
    rm -rf "$place"
}

mkdir -p "$output" "$scratch/failed"
running=0
for target in "${targets[@]}"; do
    if ((running == $(nproc))); then
        wait -n || true
        running=$((running - 1))
    fi
    fuzz "$target" &
    running=$((running + 1))
done
wait

status=0
for failed in "$scratch"/failed/*; do
    [[ -e $failed ]] || break
    status=1 target=${failed##*/}
    printf '\n!!!! %s: the end of %s/%s.log:\n' "$target" "$output" "$target"
    grep -v '^#' "$output/$target.log" | tail -n 40
    for input in "$output/$target"-*; do
        [[ ! -e $input ]] || echo "!!!! the input: $input; again: tests/fuzz/run.sh --replay $target $input"
    done
done >&2
exit $status
