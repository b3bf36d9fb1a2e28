#!/bin/sh
# RUSTC_WORKSPACE_WRAPPER: compiles this workspace's own crates so that libFuzzer sees which edges an input takes and what
# it is compared with. These are plain -C flags, which stable takes: cargo-fuzz needs a nightly compiler for its
# sanitizers only. Dependencies stay as the tests have built them.
exec "$@" \
    -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Copt-level=1 -Cdebug-assertions=on -Coverflow-checks=on -Cdebuginfo=0 -Cstrip=debuginfo
