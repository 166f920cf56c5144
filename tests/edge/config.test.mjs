// The configuration at the edge: the document of people.toml in a variable, secrets as secrets.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ADMIN, Edge, Sim, api, document, folder, hire, hr, post, quiet } from "./world.mjs";

let sim;
test.before(async () => {
  sim = await Sim.start();
});
test.after(() => sim.stop());

for (const [name, config, bindings, reason] of [
  ["a key that does not exist", (sim) => document(sim).replace("[policy]", "[polcy]"), {}, /polcy/],
  ["a secret that is not there", (sim) => document(sim), { HR: "" }, /HR/],
  ["a file", (sim) => document(sim).replace('{ env = "PLAIN" }', '{ file = "plain" }'), {}, /env/],
  ["no document", () => "", {}, /./],
]) {
  test(`${name}: 503, and the reason to the admin only`, async (context) => {
    const edge = await Edge.start(sim, { config: config(sim), bindings });
    context.after(() => edge.stop());
    const reply = await post(edge.url, "hr", {}, "{}");
    assert.equal(reply.status, 503);
    assert.doesNotMatch(JSON.stringify(reply.body), /polcy|HR|env =/);
    assert.equal((await fetch(`${edge.url}/livez`)).status, 200);
    assert.equal((await fetch(`${edge.url}/readyz`)).status, 503);
    const told = await fetch(`${edge.url}/`, { headers: ADMIN });
    assert.equal(told.status, 503);
    assert.match(await told.text(), reason);
  });
}

test("wrong credentials: what HR says is kept, nothing else is answered, and all of it is done once they are right", async (context) => {
  const persist = folder(context);
  const broken = await Edge.start(sim, { bindings: { GOOGLE_KEY: "{}" }, persist });
  const reply = await hr(broken.url, "msg_kept", hire("kept"));
  assert.equal(reply.status, 200);
  assert.equal((await post(broken.url, "hr", {}, "{}")).status, 401);
  assert.equal((await fetch(`${broken.url}/readyz`)).status, 503);
  assert.equal((await fetch(`${broken.url}/api/events`, { headers: ADMIN })).status, 503);
  const told = await fetch(`${broken.url}/`, { headers: ADMIN });
  assert.equal(told.status, 503);
  assert.match(await told.text(), /\[google\] credentials/);
  await broken.stop();
  const mended = await Edge.start(sim, { persist });
  context.after(() => mended.stop());
  assert.deepEqual((await hr(mended.url, "msg_kept", hire("kept"))).body, { duplicate: true });
  await quiet(mended.url);
  const [row] = await api(mended.url, `/api/events?id=${reply.body.accepted}`);
  assert.deepEqual([row.status, row.note], ["settled", "agrees"]);
});

test("WebCrypto signs where the document says so", async (context) => {
  const edge = await Edge.start(sim, { config: document(sim, { google: 'signer = "webcrypto"' }) });
  context.after(() => edge.stop());
  const reply = await hr(edge.url, "msg_web", hire("web"));
  await quiet(edge.url);
  const [row] = await api(edge.url, `/api/events?id=${reply.body.accepted}`);
  assert.deepEqual([row.status, row.note], ["settled", "agrees"]);
});
