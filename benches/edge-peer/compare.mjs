// CPU per acknowledged delivery and the time to the first 200 after a cold start: the Worker beside the hand-written peer, interleaved in
// one run, each in a workerd of its own.
// `node benches/edge-peer/compare.mjs [ROUNDS] [COLD STARTS]`, after `cargo xtask worker` and `cargo build -p people-sim --example sim`.
// Fails where a promise is not kept: at most 1.5 times the peer's CPU, the first 200 at most 40 ms later.
import { Agent, request } from "node:http";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { ADMIN, BUNDLE, HR_SECRET, Sim, document, hire, options, signedHr } from "../../tests/edge/world.mjs";
import { Workerd } from "./workerd.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROUNDS = Number(process.argv[2] ?? 12);
const STARTS = Number(process.argv[3] ?? 10);
const BLOCK = 200;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function ask(url, method, headers, body) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent, headers: body ? { ...headers, "content-length": Buffer.byteLength(body) } : headers });
    asked.on("error", reject).on("response", (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: answer.statusCode, body: text }));
    });
    asked.end(body);
  });
}
const livez = (url) => ask(`${url}/livez`, "GET", {});
function deliver(url, id, event) {
  const body = JSON.stringify(event);
  return ask(`${url}/hooks/hr`, "POST", { "content-type": "application/json", ...signedHr(id, body) }, body);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const read = (path) => readFileSync(path);
const sim = await Sim.start();
// One source, as the peer has.
const [head, only] = document(sim).split("[[source]]");
const { bindings } = options(sim, { config: `${head}[[source]]${only}` });
const people = [
  ["worker.js", "esModule", read(join(BUNDLE, "worker.js"))],
  ["people_bg.wasm", "wasm", read(join(BUNDLE, "people_bg.wasm"))],
];
const classes = { INTAKE: "Intake", PERSON: "Person", GUARD: "Guard" };
const KINDS = {
  javascript: {
    files: [["worker.js", "esModule", read(join(HERE, "worker.js"))]],
    classes: { INBOX: "Inbox" },
    bindings: { HR: `whsec_${HR_SECRET.toString("base64")}` },
  },
  held: { files: [["held.js", "esModule", read(join(HERE, "held.js"))], ...people], classes, bindings },
  people: { files: people, classes, bindings },
};

/** Milliseconds until the first 200, each kind in turn, so that what else the machine does falls on both. */
async function cold(send) {
  const taken = { javascript: [], people: [] };
  for (let n = 0; n < STARTS; n += 1) {
    for (const kind of n % 2 ? ["people", "javascript"] : ["javascript", "people"]) {
      const server = await Workerd.start(KINDS[kind]);
      taken[kind].push(await server.first(send));
      await server.stop();
    }
  }
  return taken;
}

let n = 0;
/** CPU of one block of deliveries, in milliseconds each; `settle` waits until what they lead to is done. */
async function block(server, event, settle) {
  const before = server.cpu();
  for (let i = 0; i < BLOCK; i += 1) {
    n += 1;
    const began = performance.now();
    const answer = await deliver(server.url, `msg_${n}`, event(n));
    server.taken.push(performance.now() - began);
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
  }
  if (settle) await settle(server);
  return ((server.cpu() - before) / BLOCK) * 1_000;
}

async function idle(server) {
  for (;;) {
    const answer = await ask(`${server.url}/api/stats`, "GET", ADMIN);
    const stats = JSON.parse(answer.body);
    if (stats.backlog === 0 && stats.events[0] === 0 && stats.events[1] === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Deliveries that nobody has to act on. */
const ping = (n) => ({ type: "ping", worker: { id: `${n}` } });

const lines = [];
const say = (line) => (console.log(line), lines.push(line));
const failed = [];
const ms = (value) => `${value.toFixed(2)} ms`;

for (const [what, send] of STARTS ? [["/livez", livez], ["a delivery", (url) => deliver(url, "msg_first", ping(0))]] : []) {
  const { javascript, people } = await cold(send);
  const later = median(people) - median(javascript);
  say(`cold start to the first 200 (${what}), median of ${STARTS}: javascript ${ms(median(javascript))}, people ${ms(median(people))}: ${ms(later)} later`);
  if (later > 40) failed.push(`the first 200 (${what}) is ${ms(later)} later`);
}

if (ROUNDS) {
  const servers = {};
  for (const kind of Object.keys(KINDS)) {
    servers[kind] = Object.assign(await Workerd.start(KINDS[kind]), { taken: [] });
    await servers[kind].first(livez);
    // Until the compilers are done.
    for (let i = 0; i < 8; i += 1) await block(servers[kind], ping);
    servers[kind].taken = [];
  }
  await idle(servers.people);
  const spent = { javascript: [], held: [], people: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    spent.javascript.push(await block(servers.javascript, ping));
    spent.held.push(await block(servers.held, ping));
    spent.people.push(await block(servers.people, ping, idle));
  }
  const base = median(spent.javascript);
  const ratio = median(spent.held) / base;
  const row = (name, values, taken) =>
    say(`${name.padEnd(52)} CPU ${ms(median(values)).padStart(8)}   ${(median(values) / base).toFixed(2).padStart(5)}x${taken ? `   p50 ${ms(median(taken))}` : ""}`);
  say(`per delivery, median of ${ROUNDS} blocks of ${BLOCK}:`);
  row("javascript: acknowledged", spent.javascript, servers.javascript.taken);
  row("people: acknowledged", spent.held, servers.held.taken);
  row("people: acknowledged and taken apart, nobody to act on", spent.people, servers.people.taken);
  if (ratio > 1.5) failed.push(`the CPU until acknowledged is ${ratio.toFixed(2)} times the peer's`);
  const hires = [];
  for (let round = 0; round < 3; round += 1) hires.push(await block(servers.people, (n) => hire(`c${n}`), idle));
  row("people: a hire, until the account is there", hires);
  for (const server of Object.values(servers)) await server.stop();
}
sim.stop();
agent.destroy();
for (const problem of failed) console.error(`not kept: ${problem}`);
process.exit(failed.length ? 1 : 0);
