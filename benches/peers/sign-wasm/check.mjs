// Every WebAssembly kernel in Node against Node's OpenSSL, byte for byte, the integer kernel of each module too; then, if rounds are asked for, their
// times in turns, with jwt-simple's where it is built. `sh build.sh` first. `node benches/peers/sign-wasm/check.mjs [KEYS [ROUNDS]]`
import { createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";

const build = join(dirname(fileURLToPath(import.meta.url)), "build");
const [KEYS, ROUNDS] = [Number(process.argv[2] ?? 6), Number(process.argv[3] ?? 0)];
const KERNELS = ["relaxed", "simd128", "scalar"];

/** The functions of one module. */
async function start(name) {
  const bytes = readFileSync(join(build, name, "sign_wasm_bg.wasm"));
  // Before Node 22 relaxed SIMD is behind a flag, which newer ones may not know any more.
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const js = await import(join(build, name, "sign_wasm.js"));
  js.initSync({ module: new WebAssembly.Module(bytes) });
  return js;
}

const keys = [...Array(KEYS).fill(2048), 3072, 4096].map((bits) => generateKeyPairSync("rsa", { modulusLength: bits }).privateKey);
const der = (key) => key.export({ type: "pkcs8", format: "der" });
let failed = 0;
for (const name of KERNELS) {
  const js = await start(name);
  const kernels = new Set();
  let checked = 0;
  for (const key of keys) {
    for (const plain of [false, true]) {
      // A key's first signature makes a blinding, the second squares it.
      for (let times = 0; times < 25; times += 1) {
        js.load(der(key), plain);
        kernels.add(js.state());
        for (const length of [times, 55 + times]) {
          const message = randomBytes(length);
          const expected = createSign("RSA-SHA256").update(message).sign(key);
          if (!expected.equals(js.sign(message, randomBytes(32)))) failed += 1;
          checked += 1;
        }
      }
    }
    const bent = Buffer.from(der(key));
    bent[bent.length - 1] ^= 1;
    if (js.load(bent, false) || js.state() !== "the CRT coefficient is not the inverse of q modulo p") failed += 1;
  }
  if (!kernels.has(name)) failed += 1;
  console.log(`${name}: kernels ${[...kernels].join(", ")}; ${checked} signatures of ${keys.length} keys`);
}
console.log(failed === 0 ? "all equal to OpenSSL's" : `${failed} failed`);
if (ROUNDS > 0) await speed(keys[0]);
process.exit(failed === 0 ? 0 : 1);

/** RSA-2048, by turns in one run. */
async function speed(key) {
  const message = Buffer.from("header.claims");
  const hands = [["openssl", () => createSign("RSA-SHA256").update(message).sign(key)]];
  for (const name of [...KERNELS, "jwt-simple-speed", "jwt-simple-size"].filter((name) => existsSync(join(build, name)))) {
    const js = await start(name);
    js.load(der(key), false);
    hands.push([name, () => js.sign(message, randomBytes(32))]);
  }
  const middle = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
  const took = new Map(hands.map(([name]) => [name, []]));
  for (let round = -5; round < ROUNDS; round += 1) {
    for (const [name, sign] of hands) {
      const begin = process.cpuUsage();
      for (let n = 0; n < 10; n += 1) sign();
      const { user, system } = process.cpuUsage(begin);
      // The first rounds belong to the engine's second compiler.
      if (round >= 0) took.get(name).push((user + system) / 10);
    }
  }
  for (const [name, times] of took) console.log(`${name.padEnd(18)}${middle(times).toFixed(0).padStart(6)} µs, least ${Math.min(...times).toFixed(0)}`);
  const peers = ["jwt-simple-speed", "jwt-simple-size"].filter((name) => took.has(name));
  const best = peers.sort((a, b) => middle(took.get(a)) - middle(took.get(b)))[0];
  for (const [peer, word] of [[best, "jwt-simple"], ["openssl", "openssl"]]) {
    if (!peer) continue;
    const ratios = took.get(peer).map((time, round) => time / took.get("relaxed")[round]);
    console.log(`ratio sign-node-against-${word} ${middle(ratios).toFixed(3)} ${Math.min(...ratios).toFixed(3)} ${Math.max(...ratios).toFixed(3)}`);
  }
}
