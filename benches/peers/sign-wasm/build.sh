#!/bin/sh
# Builds every signer into build/NAME. Needs the target wasm32-unknown-unknown and wasm-bindgen 0.2.129, from the path or as WASM_BINDGEN.
# `sh benches/peers/sign-wasm/build.sh [NAME…]`
set -e
cd "$(dirname "$0")"
one() { # name, feature, profile, target features
  case " $names " in *" $1 "*) ;; *) return 0 ;; esac
  RUSTFLAGS="-C target-feature=$4" cargo build --quiet --locked --target wasm32-unknown-unknown \
    --target-dir "../../../target/sign-wasm/$1" --profile "$3" --features "$2"
  folder=$3
  "${WASM_BINDGEN:-wasm-bindgen}" --target web --no-typescript --remove-name-section --remove-producers-section --out-dir "build/$1" \
    "../../../target/sign-wasm/$1/wasm32-unknown-unknown/$folder/sign_wasm.wasm"
  printf '%-18s %7d bytes, %6d gzip\n' "$1" "$(wc -c < "build/$1/sign_wasm_bg.wasm")" "$(gzip -9c "build/$1/sign_wasm_bg.wasm" | wc -c)"
}
names="${*:-relaxed simd128 scalar jwt-simple-speed jwt-simple-size}"
one relaxed own small +simd128,+relaxed-simd
one simd128 own small +simd128
one scalar own small
one jwt-simple-speed peer release
one jwt-simple-size peer small
