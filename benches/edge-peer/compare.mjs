// CPU per acknowledged delivery and the time to the first 200 after a cold start: the Worker beside the hand-written peer, in one run.
// `node benches/edge-peer/compare.mjs [DELIVERIES]`, after `cargo xtask worker` and `cargo build -p people-sim --example sim`.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { HR_SECRET, Sim, hr, options } = await import(join(here, "../../tests/edge/world.mjs"));
const { Miniflare } = await import(join(here, "../../tests/edge/node_modules/miniflare/dist/src/index.js"));

const COUNT = Number(process.argv[2] ?? 400);
const sim = await Sim.start();
const peer = {
  modules: [{ type: "ESModule", path: join(here, "worker.js") }],
  compatibilityDate: "2026-07-01",
  host: "127.0.0.1",
  bindings: { HR: `whsec_${HR_SECRET.toString("base64")}` },
  durableObjects: { INBOX: { className: "Inbox", useSQLite: true } },
};

/** Seconds of CPU of the workerd processes that this process started. */
function cpu() {
  let ticks = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, name, rest] = /\((.*)\) (.*)/s.exec(stat);
      const fields = rest.split(" ");
      if (name === "workerd" && Number(fields[1]) === process.pid) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks / 100;
}

/** Deliveries that nobody has to act on, so that only the acknowledgement is measured. */
const event = (n) => ({ type: "ping", worker: { id: `${n}` } });

async function measure(name, given) {
  const flare = new Miniflare(given);
  const url = (await flare.ready).href.replace(/\/$/, "");
  let began = performance.now();
  await (await fetch(`${url}/livez`)).text();
  const first = performance.now() - began;
  for (let n = 0; n < 100; n += 1) await hr(url, `warm_${n}`, event(n));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = cpu();
  const taken = [];
  for (let n = 0; n < COUNT; n += 1) {
    began = performance.now();
    const reply = await hr(url, `msg_${n}`, event(n));
    taken.push(performance.now() - began);
    if (reply.status !== 200) throw new Error(`${name}: ${reply.status}`);
  }
  const acknowledged = cpu() - before;
  taken.sort((a, b) => a - b);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const all = cpu() - before;
  await flare.dispose();
  return { name, first, cpu: (acknowledged / COUNT) * 1_000, all: (all / COUNT) * 1_000, p50: taken[COUNT >> 1] };
}

const rows = [await measure("javascript", peer), await measure("people", options(sim))];
console.log("worker       first 200   CPU until acknowledged   CPU in all   p50");
for (const row of rows) {
  const ms = (value, width) => `${value.toFixed(2)} ms`.padStart(width);
  console.log(`${row.name.padEnd(11)}${ms(row.first, 11)}${ms(row.cpu, 25)}${ms(row.all, 13)}${ms(row.p50, 10)}`);
}
console.log(`ratio of CPU in all: ${(rows[1].all / rows[0].all).toFixed(2)}; first 200 later by ${(rows[1].first - rows[0].first).toFixed(0)} ms`);
sim.stop();
process.exit();
