// A first day that begins while the test runs: nothing but an alarm can bring the account about.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Edge, Sim, api, document, hire, hr, quiet, until } from "./world.mjs";

let sim, edge, start;
before(async () => {
  sim = await Sim.start();
  start = new Date(Date.now() + 6_000);
  const policy = `future_hires = "wait"\nstart_time = "${start.toISOString().slice(11, 19)}"`;
  edge = await Edge.start(sim, { config: document(sim, { policy }) });
});
after(async () => {
  await edge?.stop();
  sim?.stop();
});

test("a first day is waited for by an alarm", async () => {
  const event = { ...hire("1", { timezone: "UTC" }), effectiveDate: start.toISOString().slice(0, 10) };
  const reply = await hr(edge.url, "msg_1", event);
  await quiet(edge.url);
  const row = async () => (await api(edge.url, `/api/events?id=${reply.body.accepted}`))[0];
  assert.equal((await row()).status, "waiting");
  assert.equal((await sim.effects()).length, 0);
  await until(async () => (await sim.effects()).length === 1, "the alarm", 15_000);
  const late = Date.now() - start.getTime();
  console.log(`the account was there ${late} ms after the moment`);
  assert.ok(late > -1_000 && late < 3_000, `${late} ms`);
  await quiet(edge.url);
  assert.equal((await row()).note, "agrees");
});
