#!/bin/sh
# Builds picture.wasm: resvg, and the fonts DejaVu Sans, regular and bold. Needs a Rust with the target wasm32-wasip1, and npm for the fonts:
#   rustup target add wasm32-wasip1 && sh guest-tools/picture/build.sh
# It takes some minutes, and writes picture.wasm.br and picture.json, which says what it was built from; both are committed.
set -eu
cd "$(dirname "$0")"
fonts=dejavu-fonts-ttf@2.37.3
target=${CARGO_TARGET_DIR:-$PWD/build/target}
mkdir -p build
[ -d build/package/ttf ] || (cd build && npm pack --silent $fonts > /dev/null && tar xzf dejavu-fonts-ttf-*.tgz)

# Which release of each package: Cargo.lock.in, without the line that says where they come from; a first look at the registry tells that.
if [ ! -f build/fetch/Cargo.lock ]; then
  mkdir -p build/fetch/src
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\nresvg = { version = "=0.49.0", default-features = false }\n' > build/fetch/Cargo.toml
  echo 'fn main() {}' > build/fetch/src/main.rs
  cargo fetch --quiet --manifest-path build/fetch/Cargo.toml
fi
source=$(grep -m 1 '^source = ' build/fetch/Cargo.lock)
awk -v source="$source" '/^checksum = / { print source } { print }' Cargo.lock.in > Cargo.lock

RUSTFLAGS="-C link-arg=-zstack-size=4194304 --remap-path-prefix=$PWD=/picture --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo" \
  cargo build --release --locked --target wasm32-wasip1 --target-dir "$target"
node ../pack.mjs "$target/wasm32-wasip1/release/picture.wasm" picture "resvg 0.49.0, fonts of npm $fonts, $(rustc --version | cut -d" " -f1,2)"
