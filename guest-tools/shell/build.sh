#!/bin/sh
# Builds shell.wasm: bashkit with its own counters raised, and what this folder puts around it. Needs a Rust with the target wasm32-wasip1:
#   rustup target add wasm32-wasip1 && sh guest-tools/shell/build.sh
# The first build takes some minutes. It writes shell.wasm.br and shell.json, which says what it was built from; both are committed, because an install
# has no Rust.
set -eu
cd "$(dirname "$0")"
version=0.20.2
target=${CARGO_TARGET_DIR:-$PWD/build/target}
mkdir -p build

# The source as it was published, with limits that fuel, memory and the stack of a run hold better.
if [ ! -d build/bashkit ]; then
  fetch=build/fetch
  mkdir -p $fetch/src
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\nbashkit = { version = "=%s", default-features = false }\n' $version > $fetch/Cargo.toml
  echo 'fn main() {}' > $fetch/src/main.rs
  cargo fetch --quiet --manifest-path $fetch/Cargo.toml
  cp -R "$(ls -d "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/bashkit-$version | head -1)" build/bashkit
fi
# Which release of each package: Cargo.lock.in, without the line that says where they come from; that is the one with which the source above came.
[ -f build/fetch/Cargo.lock ] || { echo "build/fetch is missing: rm -r build, then once more"; exit 1; }
source=$(grep -m 1 '^source = ' build/fetch/Cargo.lock)
awk -v source="$source" '/^checksum = / { print source } { print }' Cargo.lock.in > Cargo.lock

raise() { # FILE CONSTANT VALUE
  sed -i -E "s/(const $2: [a-z0-9]+ =) [^;]+;/\1 $3;/" "build/bashkit/src/$1"
  grep -q -E "const $2: [a-z0-9]+ = $3;" "build/bashkit/src/$1" || { echo "no $2 in $1"; exit 1; }
}
raise limits.rs HARD_MAX_FUNCTION_DEPTH 200
raise limits.rs HARD_MAX_TRAP_NESTING 8
raise interpreter/mod.rs MAX_CHILD_SHELL_DEPTH 24
raise parser/budget.rs MAX_LOOP_NESTING 64
raise builtins/limits.rs SEQ_MAX_LINES 100_000_000
raise builtins/limits.rs SEQ_MAX_OUTPUT_BYTES 1_000_000_000
raise builtins/limits.rs FIND_MAX_OUTPUT_BYTES 256_000_000
raise builtins/limits.rs EXPAND_MAX_OUTPUT_BYTES 256_000_000
raise builtins/limits.rs NUMFMT_MAX_OUTPUT_BYTES 256_000_000
raise builtins/limits.rs AWK_MAX_OUTPUT_BYTES 256_000_000
raise builtins/limits.rs SED_MAX_CYCLE_STEPS 1_000_000
raise builtins/limits.rs SLEEP_MAX_SECONDS 600.0
raise builtins/limits.rs TIMEOUT_MAX_SECONDS 600
raise builtins/limits.rs YES_MAX_LINES 4_000_000
raise builtins/limits.rs YES_MAX_OUTPUT_BYTES 16_000_000

RUSTFLAGS="-C link-arg=-zstack-size=4194304 --remap-path-prefix=$PWD=/shell --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo" \
  cargo build --release --locked --target wasm32-wasip1 --target-dir "$target"
node ../pack.mjs "$target/wasm32-wasip1/release/shell.wasm" shell "bashkit $version, $(rustc --version | cut -d" " -f1,2)"
