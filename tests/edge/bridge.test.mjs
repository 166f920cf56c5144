// The way of a delivery through the Worker, in workerd: proof, dedupe, durable acknowledgement, calls, retries.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Edge, Sim, api, hire, hr, post, quiet, signedHr } from "./world.mjs";

let sim, edge;
before(async () => {
  sim = await Sim.start();
  edge = await Edge.start(sim);
});
after(async () => {
  await edge?.stop();
  sim?.stop();
});

test("a signed hire becomes an account", async () => {
  const reply = await hr(edge.url, "msg_1", hire("1"));
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const rows = await quiet(edge.url);
  const row = rows.find((row) => row.id === `${reply.body.accepted}.0`);
  assert.deepEqual([row.status, row.note], ["settled", "agrees"], JSON.stringify(rows));
  const { users } = await sim.state();
  assert.equal(users["given1.family1@example.com"].title, "Clerk");
  assert.deepEqual((await sim.effects()).map((call) => call.op), ["users.create"]);
});
