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

test("a delivery that is not proven is 401 and leaves nothing", async () => {
  const body = JSON.stringify(hire("2"));
  const before = await api(edge.url, "/api/stats");
  for (const headers of [
    { ...signedHr("msg_2", body), "webhook-signature": "v1,AAAA" },
    { ...signedHr("msg_2", body), "webhook-id": "msg_3" },
    signedHr("msg_2", body, "1"),
    {},
  ]) {
    assert.equal((await post(edge.url, "hr", headers, body)).status, 401);
  }
  assert.equal((await post(edge.url, "nobody", {}, body)).status, 404);
  assert.deepEqual(await api(edge.url, "/api/stats"), before);
  const metrics = await (await fetch(`${edge.url}/metrics`)).text();
  assert.match(metrics, /people_refused_total\{source="hr",reason="mismatch"\} 2/);
});

test("200 concurrent copies of one delivery have one effect", async () => {
  const event = hire("3");
  const replies = await Promise.all(Array.from({ length: 200 }, () => hr(edge.url, "msg_copies", event)));
  assert.deepEqual([...new Set(replies.map((reply) => reply.status))], [200]);
  assert.equal(replies.filter((reply) => reply.body.accepted).length, 1);
  assert.equal(replies.filter((reply) => reply.body.duplicate).length, 199);
  await quiet(edge.url);
  const creates = (await sim.effects()).filter((call) => call.op === "users.create" && call.n > 0);
  assert.equal(Object.keys((await sim.state()).users).filter((user) => user.startsWith("given3.")).length, 1);
  assert.equal(creates.length, 2);
});

test("only the admin sees lists, and they name nobody", async () => {
  assert.equal((await fetch(`${edge.url}/api/events`)).status, 401);
  assert.equal((await fetch(`${edge.url}/`)).status, 401);
  const text = JSON.stringify(await api(edge.url, "/api/events"));
  assert.doesNotMatch(text, /given|family|@/i);
  for (const path of ["/intake", "/person", "/guard", "/trial", "/object"]) {
    assert.equal((await fetch(`${edge.url}${path}`, { method: "POST", body: '{"Token":{"refused":null}}' })).status, 404);
  }
});

test("people share one exchange", async () => {
  const exchanges = async () => (await sim.state()).calls.filter((call) => call.api === "token").length;
  const before = await exchanges();
  await Promise.all(Array.from({ length: 20 }, (_, n) => hr(edge.url, `msg_share_${n}`, hire(`s${n}`))));
  await quiet(edge.url);
  assert.equal(await exchanges(), before);
  assert.ok(before <= 1, `${before} exchanges`);
});

test("one delivery about 120 people reaches all of them in slices", async () => {
  const events = Array.from({ length: 120 }, (_, n) => hire(`b${n}`));
  const reply = await hr(edge.url, "msg_batch", { events });
  assert.equal(reply.status, 200);
  await quiet(edge.url, 60_000);
  const rows = await api(edge.url, `/api/events?limit=1000&id=${reply.body.accepted}`);
  assert.equal(rows.length, 120);
  assert.deepEqual([...new Set(rows.map((row) => row.status))], ["settled"]);
  const users = Object.keys((await sim.state()).users).filter((user) => /^givenb\d+\./.test(user));
  assert.equal(users.length, 120);
});

test("a manager who comes later is set when known", async () => {
  await hr(edge.url, "msg_report", hire("r1", { manager: "m1" }));
  await quiet(edge.url);
  await hr(edge.url, "msg_manager", hire("m1"));
  await quiet(edge.url);
  const { until } = await import("./world.mjs");
  await until(
    async () => JSON.stringify((await sim.state()).users["givenr1.familyr1@example.com"]).includes("givenm1.familym1@example.com"),
    "the manager is set",
  );
});

test("what is no event is a dead letter that can be replayed", async () => {
  const reply = await hr(edge.url, "msg_dead", { events: [hire("d1"), { type: "hire", worker: {} }] });
  assert.equal(reply.status, 200);
  await quiet(edge.url);
  const rows = await api(edge.url, `/api/events?id=${reply.body.accepted}`);
  assert.deepEqual(rows.map((row) => row.status).sort(), ["dead", "settled"]);
  const replayed = await api(edge.url, `/api/events/${reply.body.accepted}.1/replay`, { method: "POST" });
  assert.equal(replayed.replayed, reply.body.accepted);
  await quiet(edge.url);
  assert.equal((await api(edge.url, `/api/events?id=${reply.body.accepted}`)).length, 2);
});
