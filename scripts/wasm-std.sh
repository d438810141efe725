#!/usr/bin/env bash
# Compiles the standard library for wasm32-unknown-unknown from Debian's sources (packages rustc-web cargo-web rust-web-src lld-19) into the
# sysroot of Debian's compiler, for machines where rustup cannot fetch it. Runs as root, once; takes about a minute. Then, as yourself:
#   rustup toolchain link debian-web /usr
#   CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 cargo +debian-web build --target wasm32-unknown-unknown …
set -euo pipefail

target=wasm32-unknown-unknown
sysroot=$(/usr/bin/rustc --print sysroot)
library=$sysroot/lib/rustlib/src/rust/library
installed=$sysroot/lib/rustlib/$target/lib

[ -d "$library/vendor" ] || { echo "wasm-std: $library/vendor is missing: apt-get install rust-web-src" >&2; exit 1; }

if ! ls "$installed"/libcore-*.rlib >/dev/null 2>&1; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/src"
  : >"$work/src/lib.rs"
  printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n' >"$work/Cargo.toml"
  # Building std needs a nightly feature; the distribution's compiler is a stable one. RUSTUP_TOOLCHAIN would make cargo call another rustc.
  (
    cd "$work"
    env -u RUSTUP_TOOLCHAIN PATH="/usr/bin:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
      RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rust" \
      /usr/bin/cargo build --release -Zbuild-std=std,panic_abort --target "$target" --target-dir target
  )
  rm -rf "$installed.new"
  mkdir -p "$installed.new"
  cp "$work/target/$target/release/deps/"*.rlib "$installed.new"
  rm -f "$installed.new"/libempty-*
  rm -rf "$installed"
  mv "$installed.new" "$installed"
fi
