// The journal's conformance suite over the SQLite of a Durable Object, and both signers beside one another: a build of its own.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { Edge, ROOT, Sim } from "./world.mjs";

test("the journal in an object passes the suite of every journal; both signers make the same bytes", async (context) => {
  const sim = await Sim.start();
  context.after(() => sim.stop());
  const edge = await Edge.start(sim, { bundle: process.env.PEOPLE_TRIAL_BUNDLE ?? join(ROOT, "worker/build-trial") });
  context.after(() => edge.stop());
  const answer = await fetch(`${edge.url}/trial`);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.deepEqual(JSON.parse(text), { journal: "passed", signers: "same" });
});
