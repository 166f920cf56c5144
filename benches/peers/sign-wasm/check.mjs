// Every WebAssembly kernel in Node against Node's OpenSSL, byte for byte, the integer kernel of each module too. `sh build.sh relaxed simd128 scalar` first.
// `node --experimental-wasm-relaxed-simd benches/peers/sign-wasm/check.mjs [KEYS]` (the flag is needed before Node 22)
import { createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const build = join(dirname(fileURLToPath(import.meta.url)), "build");
const count = Number(process.argv[2] ?? 6);
const keys = [...Array(count).fill(2048), 3072, 4096].map((bits) => generateKeyPairSync("rsa", { modulusLength: bits }).privateKey);
let failed = 0;
for (const name of ["relaxed", "simd128", "scalar"]) {
  const js = await import(join(build, name, "sign_wasm.js"));
  js.initSync({ module: new WebAssembly.Module(readFileSync(join(build, name, "sign_wasm_bg.wasm"))) });
  const kernels = new Set();
  let checked = 0;
  for (const key of keys) {
    const der = key.export({ type: "pkcs8", format: "der" });
    for (const plain of [false, true]) {
      kernels.add(js.load(der, plain));
      for (const length of [0, 1, 55, 300]) {
        const message = randomBytes(length);
        const expected = createSign("RSA-SHA256").update(message).sign(key);
        if (!expected.equals(js.sign(message, randomBytes(32)))) failed += 1;
        checked += 1;
      }
    }
    const bent = Buffer.from(der);
    bent[bent.length - 1] ^= 1;
    if (js.load(bent, false) !== "the CRT coefficient is not the inverse of q modulo p") failed += 1;
  }
  if (!kernels.has(name)) failed += 1;
  console.log(`${name}: kernels ${[...kernels].join(", ")}; ${checked} signatures of ${keys.length} keys`);
}
console.log(failed === 0 ? "all equal to OpenSSL's" : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
