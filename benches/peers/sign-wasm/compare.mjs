// Signatures in workerd: the own kernels, jwt-simple and WebCrypto, interleaved in one run. `sh build.sh` first, and
// `npm ci --prefix tests/edge`. `node benches/peers/sign-wasm/compare.mjs [ROUNDS] [KEY.p8]`
//
// Clocks stand still inside of workerd while it calculates, so time is taken outside: CPU time of the workerd processes, to the nanosecond
// (`/proc/PID/task/*/schedstat`), of a request that signs many times less one that signs never. Cold is the wall time and the CPU time of the first request of
// a new isolate, import of the key and first signature, less that of one that does nothing; in a workerd by itself, without miniflare's own worker in front. The
// module is instantiated when the isolate starts, as the Worker's is.
import { execFileSync } from "node:child_process";
import { createPrivateKey, createSign, generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { Workerd } = await import(join(here, "../../edge-peer/workerd.mjs"));
const { Miniflare } = await import(join(here, "../../../tests/edge/node_modules/miniflare/dist/src/index.js"));

const ROUNDS = Number(process.argv[2] ?? 15);
const der = process.argv[3]
  ? readFileSync(process.argv[3])
  : generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding: { type: "pkcs8", format: "der" }, publicKeyEncoding: { type: "spki", format: "der" } }).privateKey;
const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
const MESSAGE = "header.claims";
const expected = createSign("RSA-SHA256").update(MESSAGE).sign(key).toString("base64");

const wasm = () => `
import { initSync, load, sign, state } from "./sign_wasm.js";
import module from "./sign_wasm_bg.wasm";
initSync({ module });
const start = (der) => load(der, false);
const one = sign;`;
const webcrypto = `
let key;
const start = async (der) => {
  key = await crypto.subtle.importKey("pkcs8", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
  return true;
};
const state = () => "webcrypto";
const one = async (message) => new Uint8Array(await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, message));`;
const nothing = `
const start = () => true;
const state = () => "nothing";
const one = () => new Uint8Array();`;
const worker = (signer) => `${signer}
const message = new TextEncoder().encode(${JSON.stringify(MESSAGE)});
const der = Uint8Array.from(atob(${JSON.stringify(der.toString("base64"))}), (c) => c.charCodeAt(0));
let started;
export default {
  async fetch(request) {
    const asked = new URL(request.url).searchParams;
    if (asked.has("state")) return new Response(state());
    const count = Number(asked.get("n"));
    const seed = crypto.getRandomValues(new Uint8Array(32));
    if (!started && count > 0) started = await start(der);
    let last = new Uint8Array();
    for (let n = 0; n < count; n += 1) last = await one(message, seed);
    return new Response(btoa(String.fromCharCode(...last)));
  },
};`;

const names = ["webcrypto", "relaxed", "simd128", "scalar", "jwt-simple-speed", "jwt-simple-size"].filter(
  (name) => name === "webcrypto" || existsSync(join(here, "build", name)),
);
/** Its modules: name, kind, content. */
const modules = (name) => {
  const all = [["worker.js", "esModule", worker(name === "webcrypto" ? webcrypto : name === "nothing" ? nothing : wasm())]];
  if (name !== "webcrypto" && name !== "nothing") {
    const read = (file) => readFileSync(join(here, "build", name, file));
    all.push(["sign_wasm.js", "esModule", read("sign_wasm.js").toString()], ["sign_wasm_bg.wasm", "wasm", read("sign_wasm_bg.wasm")]);
  }
  return all;
};
const KINDS = { esModule: "ESModule", wasm: "CompiledWasm" };
const options = (name) => ({
  modules: modules(name).map(([path, kind, contents]) => ({ type: KINDS[kind], path, contents })),
  compatibilityDate: "2026-07-01",
  host: "127.0.0.1",
});

/** The workerd processes that this process started. */
function workerds() {
  return readdirSync("/proc").filter((pid) => {
    try {
      const [, name, rest] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"));
      return name === "workerd" && Number(rest.split(" ")[1]) === process.pid;
    } catch {
      return false;
    }
  });
}
/** Milliseconds of CPU of a process: of all its threads, or of the busiest, where JavaScript runs. */
const cpu = (pid) =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    try {
      return sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6;
    } catch {
      return sum;
    }
  }, 0);
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const quartiles = (list) => {
  const sorted = list.toSorted((a, b) => a - b);
  return [sorted[list.length >> 2], sorted[(list.length * 3) >> 2]];
};

const asking = (url, pid) => async (n) => {
  const [wall, used] = [performance.now(), cpu(pid)];
  const text = await (await fetch(`${url}?n=${n}`)).text();
  return { wall: performance.now() - wall, cpu: cpu(pid) - used, text };
};
async function begin(name) {
  const before = new Set(workerds());
  const flare = new Miniflare(options(name));
  const url = (await flare.ready).href;
  const pid = workerds().find((pid) => !before.has(pid));
  return { name, flare, url, ask: asking(url, pid) };
}

const CORES = availableParallelism();
/** Keeps this process and those that it starts, or a thread of another, on some cores, where `taskset` is installed. */
function stay(cores, thread) {
  try {
    execFileSync("taskset", [...(thread ? [] : ["-a"]), "-p", "-c", cores, thread ?? process.pid], { stdio: "ignore" });
  } catch {
    // The figures are the same, with more noise.
  }
}
/** Of several cores one may be shared with a busy neighbour: the one on which arithmetic takes least now. */
function quietest() {
  let best = { core: 0, took: Infinity };
  for (let core = 0; core < CORES; core += 1) {
    stay(`${core}`);
    for (let probe = 0; probe < 5; probe += 1) {
      const began = performance.now();
      const sums = new Float64Array(8);
      for (let k = 0; k < 1e6; k += 1) for (let lane = 0; lane < 8; lane += 1) sums[lane] = sums[lane] * 0.5 + k;
      const took = performance.now() - began;
      if (took < best.took) best = { core, took };
    }
  }
  return best.core;
}

// Warm: all of them alive on one core, one after the other in each round.
stay(`${quietest()}`);
const alive = [];
for (const name of names) alive.push(await begin(name));
for (const one of alive) {
  const { text } = await one.ask(40);
  one.kernel = await (await fetch(`${one.url}?state`)).text();
  if (one.kernel !== "jwt-simple" && text !== expected) throw new Error(`${one.name}: another signature than OpenSSL's`);
  one.count = one.name.startsWith("jwt") ? 8 : 40;
  one.warm = [];
}
for (let round = 0; round < ROUNDS; round += 1) {
  for (const one of alive.toSorted(() => Math.random() - 0.5)) {
    const { cpu: empty } = await one.ask(0);
    const { cpu: full } = await one.ask(one.count);
    one.warm.push(((full - empty) / one.count) * 1000);
  }
}
for (const one of alive) await one.flare.dispose();
stay(`0-${CORES - 1}`);

/** The thread that answers on the core with fewer neighbours, with this process, which waits while it computes; the engine's helpers on the others. Where a core
 * that sleeps counts as busy, as on some virtual machines, the kernel puts the engine's second compiler before that thread, and the other core goes on sleeping. */
function part(pid) {
  const core = `${quietest()}`;
  const others = [...Array(CORES).keys()].filter((other) => `${other}` !== core).join(",") || core;
  stay(core);
  for (const thread of readdirSync(`/proc/${pid}/task`)) stay(thread === `${pid}` ? core : others, thread);
}

// Cold: a new process each.
const cold = new Map(["nothing", ...names].map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const name of [...cold.keys()].toSorted(() => Math.random() - 0.5)) {
    stay(`0-${CORES - 1}`);
    const one = await Workerd.start({ files: modules(name), classes: {}, bindings: {} });
    const ask = asking(`${one.url}/`, one.child.pid);
    // The connection is made and the isolate has answered; its module is not compiled for real before the first call.
    await one.first(async () => ({ status: (await fetch(`${one.url}/?n=0`)).status }));
    part(one.child.pid);
    await ask(0);
    // Of several that do nothing the middle one: a single slow one would make less than nothing of the signature.
    const nothing = [];
    for (let n = 0; n < 7; n += 1) nothing.push(await ask(0));
    const [empty, emptyCpu] = [median(nothing.map(({ wall }) => wall)), median(nothing.map(({ cpu }) => cpu))];
    const { wall, cpu: used } = await ask(1);
    cold.get(name).push({ wall: wall - empty, cpu: used - emptyCpu });
    await one.stop();
  }
}

const peer = (of) => Math.min(...alive.filter((one) => one.name.startsWith("jwt")).map(of), Infinity);
const web = alive.find((one) => one.name === "webcrypto");
const peerWarm = peer((one) => median(one.warm));
const coldOf = (name, what) => median(cold.get(name).map((one) => one[what]));
const peerCold = peer((one) => coldOf(one.name, "wall"));
const least = (list) => Math.min(...list);
const coldLeast = (name, what) => least(cold.get(name).map((one) => one[what]));
const peerColdLeast = peer((one) => coldLeast(one.name, "wall"));
const peerWarmLeast = peer((one) => least(one.warm));
console.log(`RSA-${key.asymmetricKeyDetails.modulusLength}, ${ROUNDS} rounds; quartiles in brackets; ratios of medians, and of minima (the quiet moments)`);
console.log("warm, CPU time     kernel      µs                      least   jwt-simple / it   it / WebCrypto");
for (const one of alive) {
  const [low, high] = quartiles(one.warm);
  const [warm, min] = [median(one.warm), least(one.warm)];
  console.log(
    `${one.name.padEnd(19)}${one.kernel.padEnd(12)}${`${warm.toFixed(0)} [${low.toFixed(0)}, ${high.toFixed(0)}]`.padEnd(24)}${min.toFixed(0).padEnd(8)}` +
      `${`${(peerWarm / warm).toFixed(2)}, ${(peerWarmLeast / min).toFixed(2)}`.padEnd(18)}` +
      `${(warm / median(web.warm)).toFixed(2)}, ${(min / least(web.warm)).toFixed(2)}`,
  );
}
console.log("cold               wall ms   least   CPU ms (all threads)   least   jwt-simple / it, wall");
for (const { name } of alive) {
  const [wall, min] = [coldOf(name, "wall"), coldLeast(name, "wall")];
  console.log(
    `${name.padEnd(19)}${wall.toFixed(1).padEnd(10)}${min.toFixed(1).padEnd(8)}${coldOf(name, "cpu").toFixed(1).padEnd(23)}${coldLeast(name, "cpu").toFixed(1).padEnd(8)}` +
      `${(peerCold / wall).toFixed(2)}, ${(peerColdLeast / min).toFixed(2)}`,
  );
}
// The lines of benches/lib.rs: ratios round by round, of the kernel that the Worker has.
const own = alive.find((one) => one.name === "relaxed");
function report(name, theirs, ours) {
  const ratios = theirs.map((taken, round) => taken / ours[round]);
  console.log(`ratio ${name} ${[median(ratios), Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(3)).join(" ")}`);
}
if (own) {
  const fastest = (what) => alive.filter((one) => one.name.startsWith("jwt")).toSorted((a, b) => median(what(a)) - median(what(b)))[0];
  const coldWall = (one) => cold.get(one.name).map(({ wall }) => wall);
  const warm = (one) => one.warm;
  const [peerWarm, peerCold] = [fastest(warm), fastest(coldWall)];
  if (peerWarm) report("sign-workerd-against-jwt-simple", peerWarm.warm, own.warm);
  if (web) report("sign-workerd-against-webcrypto", web.warm, own.warm);
  if (peerCold) report("sign-cold-against-jwt-simple", coldWall(peerCold), coldWall(own));
  // What is promised of it: at most 10 ms.
  report("sign-cold-against-10-ms", coldWall(own).map(() => 10), coldWall(own));
  console.log(`figure sign-cold ${median(coldWall(own)).toFixed(4)} ms`);
}
process.exit();
