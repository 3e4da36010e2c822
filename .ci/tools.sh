# Sourced by the scripts beside it. If `CI` is set, a missing tool is installed, or the script fails. Otherwise its step is
# skipped with a line.

# Without debug information, everything is built and linked in a fraction of the time.
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0

# Says why a step is skipped.
skip() {
    echo "skipped: $1"
    if [ -n "${CI:-}" ]; then exit 1; fi
}

# Succeeds if these Debian packages are installed, or can be.
needs() {
    local missing=()
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    if [ -z "${CI:-}" ]; then
        skip "not installed: ${missing[*]}"
        return 1
    fi
    # A machine that has never installed anything has no lists of what there is.
    apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } || exit 1
}

# Succeeds if this subcommand of cargo is installed, or can be.
needs_cargo() {
    cargo "$1" --version >/dev/null 2>&1 && return
    if [ -z "${CI:-}" ]; then
        skip "not installed: cargo-$1"
        return 1
    fi
    cargo install --quiet --locked "cargo-$1" || exit 1
}

# Debian's compiler, which comes with the source of the standard library.
web_rustc() {
    dpkg -L rustc-web | grep '/bin/rustc$'
}

# Runs a command of cargo's with every set of features that changes what is compiled.
each_feature_set() {
    local features
    for features in "" "--no-default-features" "--no-default-features --features alloc" \
        "--no-default-features --features std" "--no-default-features --features stream,sink" "--all-features"; do
        cargo "$1" $features "${@:2}"
    done
}

# Prints options for cargo: the unit tests and every test binary of the library, but those whose names match.
own_tests() {
    local path name
    echo --lib
    for path in tests/*.rs tests/*/main.rs; do
        name=${path#tests/} name=${name%/main.rs} name=${name%.rs}
        # The same folder may be another package's.
        if [[ ! $name =~ $1 && ! -e tests/$name/Cargo.toml ]]; then echo "--test=$name"; fi
    done
}

# Runs the functions of those names.
steps() {
    for name in "$@"; do
        echo "-- $name (${SECONDS}s)"
        "$name"
    done
}
