// The runtime is killed (SIGKILL of Node and workerd) at random moments and started again on the same storage: nothing acknowledged is
// lost, nothing is done twice, and every person's events are taken in order.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { HERE, Sim, api, document, folder, freePort, hire, hr, options, quiet, until } from "./world.mjs";

const KILLS = Number(process.env.PEOPLE_KILLS ?? 20);

/** Mulberry32: the same seed, the same moments. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

async function start(file) {
  // A group of its own, so that workerd goes with it.
  const child = spawn(process.execPath, [join(HERE, "flare.mjs"), file], { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const lines = createInterface({ input: child.stdout });
  const { value } = await lines[Symbol.asyncIterator]().next();
  assert.ok(value, "the runtime did not start");
  return child;
}

function kill(child) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  return ended;
}

test(`${KILLS} times SIGKILL: nothing lost, nothing doubled`, async (context) => {
  const seed = Number(process.env.PEOPLE_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const next = random(seed);
  const sim = await Sim.start();
  context.after(() => sim.stop());
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const dir = folder(context);
  const file = join(dir, "options.json");
  // The breaker would hold all but five of the leavers, rightly.
  const policy = 'breaker = { window = "24h", count = 100, percent = 100, minimum = 100 }';
  const config = document(sim, { policy });
  writeFileSync(file, JSON.stringify(options(sim, { config, persist: join(dir, "objects"), port })));
  let child = await start(file);
  context.after(() => kill(child).catch(() => {}));
  // Answers are slow enough that a kill often falls between an effect and its answer.
  await sim.fault({ path: "/v4/", kind: "delay", delay_ms: 30, rate: 0.5 });
  const ids = [];
  /** Sends until acknowledged, as an HR system does. */
  const send = async (id, event) => {
    ids.push(await until(async () => {
      const reply = await hr(url, id, event).catch(() => null);
      return reply?.status === 200 && id;
    }, `${id} acknowledged`, 60_000));
  };
  const leavers = new Set();
  let people = 0;
  for (let n = 0; n < KILLS; n += 1) {
    const before = people;
    const sending = (async () => {
      for (let i = 0; i < 3; i += 1) {
        const id = `k${people++}`;
        await send(`hire_${id}`, hire(id));
        await send(`change_${id}`, { type: "change", occurredAt: new Date().toISOString(), worker: { id, title: "Lead" } });
        // Somebody of the round before leaves; most have their account by then.
        if (i === 0 && n > 0) {
          const leaver = `k${before - 3}`;
          leavers.add(`given${leaver}.family${leaver}@example.com`);
          await send(`leave_${leaver}`, { type: "leave", effectiveDate: "2026-02-01", worker: { id: leaver, timezone: "UTC" } });
        }
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 50 + next() * 600));
    await kill(child);
    child = await start(file);
    await sending;
    assert.equal(people, before + 3);
  }
  await sim.control("DELETE", "faults");
  await quiet(url, 120_000);
  const { users } = await sim.state();
  const effects = await sim.effects();
  const count = (op) => effects.filter((call) => call.op === op).length;
  // A leave that was heard before there was an account leaves nothing to do.
  const gone = Object.keys(users).filter((user) => leavers.has(user)).length;
  assert.equal(Object.keys(users).length, people - leavers.size + gone, "one account each");
  assert.equal(count("users.create"), Object.keys(users).length, "created once each");
  assert.equal(count("users.offboard"), gone, "offboarded once each");
  const titles = Object.entries(users).filter(([user]) => !leavers.has(user)).map(([, user]) => user.title);
  assert.deepEqual([...new Set(titles)], ["Lead"], "the later change counts");
  const stats = await api(url, "/api/stats");
  console.log(`${KILLS} kills, ${people} people, ${ids.length} deliveries, ${effects.length} effects; ${JSON.stringify(stats)}`);
  assert.equal(stats.people, people);
});
