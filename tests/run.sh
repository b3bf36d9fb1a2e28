#!/usr/bin/env bash
# Installs what the tests need, starts what they talk to, and runs everything. See --help.
set -euo pipefail

usage() {
    cat <<'HELP'
tests/run.sh: format, lints, all tests of this workspace, on SQLite, PostgreSQL and in Chromium, and fuzzing.

    tests/run.sh                              everything, as CI does
    tests/run.sh --fast                       tests only: no format, no lints, no browser, no fuzzing
    tests/run.sh -- recovery                  only tests with "recovery" in their name
    tests/run.sh --fast -- attacks --nocapture --test-threads=1
    tests/run.sh --postgres                   only the PostgreSQL server, until Enter or Ctrl-C;
                                              it prints the line to paste where you run cargo test

What stands after -- goes to the test programs (cargo test … -- ARGS).
Rust and a C compiler must be there. On Debian, as root, the rest is installed if it is missing;
as anybody else you are told what is missing. Screenshots are written to tests/output/.

Environment:
    TEST_POSTGRES_URL    use this server (its user must be allowed to create databases), start none
    PGFSYNC=on           let the private server sync to disk
    CHROMEDRIVER, CHROMIUM    the programs, if not in PATH
    AXE_PATH             axe.min.js, if not to be fetched from npm
    TEST_REQUIRE_AXE=1   fail, rather than skip, where there is no axe-core
    INTEROP_PATH         a folder with off-the-shelf clients, if not to be fetched from npm and PyPI
    TEST_REQUIRE_INTEROP=1  fail, rather than skip, where there are none
    FUZZ_SECONDS=600     how long each fuzz target runs, and mutated requests are sent to each database (4)
    FUZZ_SEED=7          where both begin; with CI=true the default is 1, else chance
    PROPTEST_RNG_SEED=7  where property tests begin; with CI=true the default is 1, else chance
    INSTA_UPDATE=always  accept what has changed on the wire (tests/wire/snapshots)
    CARGO_TARGET_DIR     where to build; with CI=true the default is a cache outside of the clone
HELP
}

fast=no only_postgres=no
test_args=()
while (($#)); do
    case $1 in
        --fast) fast=yes ;;
        --postgres) only_postgres=yes ;;
        -h | --help) usage; exit 0 ;;
        --) shift; test_args=("$@"); break ;;
        *) echo "unknown argument: $1 (see --help)" >&2; exit 2 ;;
    esac
    shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}
axe_version=4.14.1
interop_versions='openid-client@6.9.0 authlib==1.9.10 joserfc==1.8.0 requests-oauth2client==1.8.0'
say() { printf '\n==== %s\n' "$*"; }
loudly() { printf '\n!!!! %s\n' "$*" >&2; }
die() { loudly "$*"; exit 1; }
minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
as_root() { [[ $(id -u) == 0 ]]; }

# ---------------------------------------------------------------- what must be installed

postgres_bin() { # the newest server's programs
    local found
    # shellcheck disable=SC2012 # plain names, and ls is silent where there is none
    found=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
    [[ -n $found ]] || found=$(command -v initdb) || return 1
    dirname "$found"
}
has_cjk_font() { compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || [[ -n $(fc-list :lang=zh 2>/dev/null) ]]; }
has_openssl() { command -v pkg-config >/dev/null && pkg-config --exists openssl; }

missing_packages() {
    [[ -n ${TEST_POSTGRES_URL:-} ]] || postgres_bin >/dev/null || echo postgresql
    [[ $only_postgres == yes ]] && return
    command -v pkg-config >/dev/null || echo pkg-config
    has_openssl || echo libssl-dev
    [[ $fast == yes ]] && return
    [[ -n ${CHROMIUM:-} ]] || command -v chromium >/dev/null || echo chromium
    command -v "${CHROMEDRIVER:-chromedriver}" >/dev/null || echo chromium-driver
    has_cjk_font || echo fonts-noto-cjk
    command -v "${CXX:-c++}" >/dev/null || echo g++ # libFuzzer is C++
    # Off-the-shelf clients: nice to have, so not demanded of others than root.
    if as_root && [[ -z ${INTEROP_PATH:-} ]]; then
        [[ -x /usr/sbin/apache2 ]] || echo apache2-bin
        [[ -e /usr/lib/apache2/modules/mod_auth_openidc.so ]] || echo libapache2-mod-auth-openidc
        python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    fi
    # Its buttons and messages in Chinese, as a visitor's: nice to have, so not demanded of others than root.
    ! as_root || [[ -n ${CHROMIUM:-} || -e /usr/lib/chromium/locales/zh-CN.pak ]] || echo chromium-l10n
}

install_missing() {
    local missing no_server=/etc/postgresql-common/createcluster.d/uia-tests.conf
    missing=$(missing_packages | tr '\n' ' ')
    [[ -n $missing ]] || return 0
    if ! as_root || ! command -v apt-get >/dev/null; then
        die "missing: $missing(names of Debian's packages). Install them, or run this as root on Debian."
    fi
    say "installing: $missing"
    if [[ $missing == *postgresql* ]]; then # the programs only: Debian would start a server of its own
        mkdir -p "${no_server%/*}"
        echo 'create_main_cluster = false' >"$no_server"
    fi
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # one word a package
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing; } </dev/null >/dev/null \
        || die "apt-get failed"
    rm -f "$no_server"
    missing=$(missing_packages | tr '\n' ' ')
    [[ -z $missing ]] || die "still missing after the installation: $missing"
}

find_rust() {
    # shellcheck source=/dev/null
    command -v cargo >/dev/null || [[ ! -f ${HOME:-/root}/.cargo/env ]] || source "${HOME:-/root}/.cargo/env"
    command -v cargo >/dev/null || die "cargo is missing: install Rust (https://rustup.rs)"
    command -v cc >/dev/null || die "a C compiler is missing (Debian: gcc)"
}

find_axe() { # axe-core checks pages for accessibility; it comes from npm, a file of a fixed version
    [[ -n ${AXE_PATH:-} ]] && return
    local folder=$cache/uia-axe-$axe_version
    local file=$folder/node_modules/axe-core/axe.min.js
    if [[ ! -s $file ]] && command -v npm >/dev/null; then
        say "fetching axe-core $axe_version from npm"
        npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
            "axe-core@$axe_version" </dev/null || loudly "npm could not fetch axe-core"
    fi
    if [[ -s $file ]]; then
        export AXE_PATH=$file
    elif [[ -n ${TEST_REQUIRE_AXE:-} ]]; then
        die "TEST_REQUIRE_AXE is set, but there is no axe-core (is npm installed?)"
    else
        loudly "no axe-core (is npm installed?): ACCESSIBILITY IS NOT TESTED"
    fi
}

find_interop() { # openid-client from npm, Authlib and requests-oauth2client from PyPI, of fixed versions
    [[ -n ${INTEROP_PATH:-} ]] && return
    local folder npm_package python_packages
    read -r npm_package python_packages <<<"$interop_versions"
    folder=$cache/uia-interop-$(cksum <<<"$interop_versions" | cut -d' ' -f1)
    if [[ ! -e $folder/complete ]] && command -v npm >/dev/null && command -v python3 >/dev/null; then
        say "fetching off-the-shelf clients: $interop_versions"
        # shellcheck disable=SC2086 # one word a package
        if npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
            "$npm_package" </dev/null && python3 -m venv "$folder/venv" \
            && "$folder/venv/bin/pip" install --quiet --disable-pip-version-check requests $python_packages; then
            touch "$folder/complete"
        else
            loudly "the off-the-shelf clients could not be fetched"
        fi
    fi
    if [[ -e $folder/complete ]]; then
        export INTEROP_PATH=$folder
    elif [[ -n ${TEST_REQUIRE_INTEROP:-} ]]; then
        die "TEST_REQUIRE_INTEROP is set, but there are no off-the-shelf clients (are npm and python3 installed?)"
    else
        loudly "no off-the-shelf clients (are npm and python3 installed?): INTEROPERABILITY IS NOT TESTED"
    fi
}

# ---------------------------------------------------------------- a private PostgreSQL

postgres_home='' postgres_programs=''
as_postgres() { # PostgreSQL refuses to run as root
    if as_root; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

start_postgres() {
    [[ -z ${TEST_POSTGRES_URL:-} ]] || { export TEST_POSTGRES_URL; return 0; }
    local password port
    postgres_programs=$(postgres_bin)
    postgres_home=$(mktemp -d /tmp/uia-postgres.XXXXXX) # short: the path of a Unix socket must be
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s\n' "$password" >"$postgres_home/password"
    ! as_root || chown -R postgres "$postgres_home"
    as_postgres "$postgres_programs/initdb" --pgdata="$postgres_home/data" --username=tester \
        --pwfile="$postgres_home/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
        --no-sync >"$postgres_home/initdb.log" || { cat "$postgres_home/initdb.log"; die "initdb failed"; }
    cat >>"$postgres_home/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$postgres_home'
max_connections = 300
fsync = ${PGFSYNC:-off}
synchronous_commit = ${PGFSYNC:-off}
full_page_writes = ${PGFSYNC:-off}
CONF
    for _ in 1 2 3 4 5; do # below 32768: tests take their own ports from above
        port=$((20000 + RANDOM % 12000))
        if as_postgres "$postgres_programs/pg_ctl" start --wait --silent --pgdata="$postgres_home/data" \
            --log="$postgres_home/server.log" --options="-p $port"; then
            export TEST_POSTGRES_URL="postgres://tester:$password@127.0.0.1:$port/postgres"
            return 0
        fi
    done
    tail -n 20 "$postgres_home/server.log" >&2
    die "PostgreSQL did not start"
}

stop_postgres() {
    [[ -n $postgres_home ]] || return 0
    if [[ -f $postgres_home/data/postmaster.pid ]]; then
        as_postgres "$postgres_programs/pg_ctl" stop --mode=immediate --silent --pgdata="$postgres_home/data" || true
    fi
    rm -rf "$postgres_home"
}

# ---------------------------------------------------------------- phases

failed=()
phase() { # phase NAME COMMAND…: every phase runs, whatever came of those before it
    local name=$1 began=$SECONDS result=ok
    shift
    say "$name"
    "$@" </dev/null || { result=FAILED; failed+=("$name"); }
    printf '==== %s: %s after %s\n' "$name" "$result" "$(minutes $((SECONDS - began)))"
}

trap stop_postgres EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

install_missing
start_postgres
if [[ $only_postgres == yes ]]; then
    printf 'export TEST_POSTGRES_URL=%s\nEnter or Ctrl-C stops it.\n' "$TEST_POSTGRES_URL"
    read -r _ || true
    exit 0
fi
find_rust

export TEST_REQUIRE_POSTGRES=1
has_openssl && export OPENSSL_NO_VENDOR=1 # use Debian's OpenSSL: building one takes minutes
locked=()
[[ ${CI:-} != true ]] || locked=(--locked) # the crates that were committed, no newer ones
# What fails in CI is to be the change's fault, not chance's.
[[ ${CI:-} != true ]] || export FUZZ_SEED=${FUZZ_SEED:-1} PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-1}
if [[ ${CI:-} == true && -z ${CARGO_TARGET_DIR:-} ]]; then
    export CARGO_TARGET_DIR=$cache/uia-ci-target CARGO_INCREMENTAL=0
    # Only dependencies are worth keeping: our own crates are always built anew.
    cargo clean --quiet --workspace
fi

if [[ $fast == yes ]]; then
    test_args+=(--skip browser::)
else
    find_axe
    find_interop
    phase format cargo fmt --all --check
    phase lints cargo clippy "${locked[@]}" --workspace --all-targets -- -D warnings
fi
# What tests of the program itself would build when they come to it, while others count the seconds.
cargo build "${locked[@]}" --quiet --workspace --bin idp --test end_to_end </dev/null || true
test_log=$(mktemp)
failed_once=()
run_tests() {
    cargo test "${locked[@]}" --workspace --no-fail-fast -- "${test_args[@]}" 2>&1 | tee "$test_log" && return
    [[ ${CI:-} == true ]] || return 1
    # idp/docs/decisions/0036: one or two that failed get a second try by themselves, and are named in the end. Not if a
    # program died (it tells no result, and its other tests did not run), nor if not every failure is known by name.
    mapfile -t failed_once < <(sed -nE 's/.*test (\S+) \.\.\. FAILED$/\1/p' "$test_log")
    local programs results failures=0 count
    programs=$(sed -nE 's/^error: ([0-9]+) targets? failed:$/\1/p' "$test_log")
    results=$(grep -c '^test result: FAILED' "$test_log")
    while read -r count; do
        failures=$((failures + count))
    done < <(sed -nE 's/^test result: FAILED\..* ([0-9]+) failed;.*/\1/p' "$test_log")
    [[ $programs == "$results" && $failures == "${#failed_once[@]}" && $failures -le 2 ]] || return 1
    say "once more: ${failed_once[*]}"
    cargo test "${locked[@]}" --workspace -- --exact "${failed_once[@]}" 2>&1 | tee -a "$test_log"
}
phase tests run_tests
[[ $fast == yes ]] || phase fuzz tests/fuzz/run.sh

# Whoever reads only the end of a long log reads why.
grep -aE -A 4 "^thread '.*panicked at" "$test_log" | grep -avE '^(stack backtrace:| +[0-9]+: | +at )' | tail -n 60 || true
rm -f "$test_log"
if [[ " ${failed[*]} " != *' tests '* ]] && ((${#failed_once[@]})); then
    say "FAILED ONCE and passed the second time, find out why: ${failed_once[*]}"
fi
((${#failed[@]} == 0)) || die "FAILED: ${failed[*]} (after $(minutes "$SECONDS"))"
say "all passed (after $(minutes "$SECONDS"))"
