// What alarms may do to us, and what a delivery about many may ask of the runtime. The bundle is the one that is deployed, in a wrapper that
// counts, fires twice or aborts objects.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Edge, HERE, Sim, api, document, hire, hr, quiet } from "./world.mjs";

const MANY = Number(process.env.PEOPLE_MANY ?? 1_000);
const main = { name: "watched.js", contents: readFileSync(join(HERE, "watched.js"), "utf8") };

async function world(context, watch) {
  const sim = await Sim.start();
  context.after(() => sim.stop());
  const policy = 'breaker = { window = "24h", count = 100, percent = 100, minimum = 100 }';
  const edge = await Edge.start(sim, { main, bindings: { WATCH: watch }, config: document(sim, { policy }) });
  context.after(() => edge.stop());
  const seen = async () => (await fetch(`${edge.url}/watched`)).json();
  return { sim, edge, seen };
}

/** Hires, changes and leaves of a few people; one account and one offboarding each, whatever the alarms do. */
async function history({ sim, edge }) {
  const people = Array.from({ length: 12 }, (_, n) => `a${n}`);
  for (const id of people) {
    await hr(edge.url, `hire_${id}`, hire(id));
    await hr(edge.url, `change_${id}`, { type: "change", occurredAt: new Date().toISOString(), worker: { id, title: "Lead" } });
  }
  await quiet(edge.url, 120_000);
  await hr(edge.url, "leave", { events: people.slice(0, 6).map((id) => ({ type: "leave", effectiveDate: "2026-02-01", worker: { id, timezone: "UTC" } })) });
  await quiet(edge.url, 120_000);
  const effects = await sim.effects();
  const count = (op) => effects.filter((call) => call.op === op).length;
  assert.deepEqual([count("users.create"), count("users.offboard")], [12, 6]);
  const { users } = await sim.state();
  const stay = people.slice(6).map((id) => users[`given${id}.family${id}@example.com`].title);
  assert.deepEqual([...new Set(stay)], ["Lead"]);
  const stats = await api(edge.url, "/api/stats");
  assert.deepEqual([stats.people, stats.backlog, stats.events[4]], [12, 0, 30], JSON.stringify(stats));
}

test("every alarm fires twice: nothing is done twice", async (context) => {
  const here = await world(context, "twice");
  await history(here);
  const { alarms } = await here.seen();
  console.log(`${alarms} alarms, half of them for nothing`);
});

test("objects die in the middle of alarms: nothing is lost, nothing done twice", async (context) => {
  const here = await world(context, "die");
  await history(here);
  const { alarms, deaths } = await here.seen();
  console.log(`${deaths} deaths in ${alarms} alarms`);
  assert.ok(deaths >= 5, `${deaths} deaths`);
});

test("one delivery about one person takes few requests to objects", async (context) => {
  const { sim, edge, seen } = await world(context, "count");
  const { requests: before } = await seen();
  await hr(edge.url, "one", hire("one"));
  // The list is not asked until it is over: that would be counted.
  for (let tries = 0; (await sim.effects()).length === 0 && tries < 600; tries += 1) await new Promise((done) => setTimeout(done, 50));
  let [last, now] = [null, JSON.stringify((await seen()).requests)];
  while (last !== now) {
    await new Promise((done) => setTimeout(done, 2_000));
    [last, now] = [now, JSON.stringify((await seen()).requests)];
  }
  const took = Object.entries(JSON.parse(now)).map(([name, n]) => [name, n - before[name]]);
  const all = took.reduce((sum, [, n]) => sum + n, 0);
  console.log(`requests to objects, alarms included: ${took.map(([name, n]) => `${name} ${n}`).join(", ")}; ${all} in all`);
  assert.equal((await sim.effects()).filter((call) => call.op === "users.create").length, 1);
  assert.ok(all <= 20, `${all} requests`);
});

test(`one delivery about ${MANY} people stays within the limits of an invocation`, async (context) => {
  const { sim, edge, seen } = await world(context, "count");
  const began = performance.now();
  const reply = await hr(edge.url, "many", { events: Array.from({ length: MANY }, (_, n) => hire(`b${n}`)) });
  assert.equal(reply.status, 200);
  await quiet(edge.url, 480_000);
  const took = (performance.now() - began) / 1_000;
  const { calls, users } = await sim.state();
  assert.equal(Object.keys(users).length, MANY);
  const creates = (await sim.effects()).filter((call) => call.op === "users.create");
  assert.equal(creates.length, MANY);
  const cloud = calls.filter((call) => call.api === "cloudm").length / MANY;
  const { most, bytes, rows, alarms } = await seen();
  const mean = (of) => Object.values(of).reduce((sum, n) => sum + n, 0) / Object.keys(of).length;
  console.log(`${MANY} people in ${took.toFixed(0)} s and ${alarms} alarms: most calls to objects in one alarm ${JSON.stringify(most)}; ${cloud} calls to CloudM a person`);
  console.log(`bytes: a person's object ${mean(bytes.Person).toFixed(0)}, the intake ${JSON.stringify(Object.values(bytes.Intake))}, the guard ${JSON.stringify(Object.values(bytes.Guard ?? {}))}`);
  console.log(`rows written: ${Object.entries(rows).map(([name, n]) => `${name} ${(n / MANY).toFixed(1)}`).join(", ")} a person`);
  assert.ok(rows.Person > 0 && rows.Guard > 0, "rows are counted");
  // The free plan allows an invocation 50 subrequests. A person's calls to CloudM may all fall into one.
  assert.ok(most.Intake <= 50, `${most.Intake} from an intake`);
  assert.ok(most.Person + Math.ceil(cloud) <= 50, `${most.Person} from a person's object`);
});
