// The inputs that the native parsers were tried with (tests/it/laws/bytes.rs wrote them down), posted to the Worker with right signatures,
// while other requests are in flight that have to survive.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Edge, ROOT, Sim, api, document, hire, hr, post, quiet, signedBamboo, signedHr, signedPlain } from "./world.mjs";

const INPUTS = process.env.PEOPLE_BYTES ?? join(ROOT, "target/edge-bytes.json");

/** Headers are bytes: each character of the text is one. */
const media = (text) => ({ "content-type": Buffer.from(text, "utf8").toString("latin1") });

test("no input makes it panic, and others in flight survive", async (context) => {
  assert.ok(existsSync(INPUTS), `there is no ${INPUTS}; \`cargo xtask edge\` writes it`);
  const inputs = JSON.parse(readFileSync(INPUTS, "utf8"));
  const sim = await Sim.start();
  context.after(() => sim.stop());
  const mapped = /** The source with a map of the native test. */ `
[[source]]
name = "mapped"
kind = "generic"
secrets = [{ env = "PLAIN" }]
signature = { algorithm = "hmac-sha256", header = "X-Signature" }
[source.map]
type = ["type", "worker.title"]
id = "worker.id"
occurredAt = "occurredAt"
effectiveDate = "effectiveDate"
timezone = "worker.timezone"
[source.map.types]
hire = "hire"
change = "change"
Clerk = "leave"
[source.map.fields]
givenName = "worker.givenName | trim"
familyName = "worker.familyName | upper"
title = ["worker.title", "events[0].type"]
manager = "worker.manager"
`;
  const edge = await Edge.start(sim, { config: document(sim, { tail: mapped }) });
  context.after(() => edge.stop());
  let [posted, beside, done] = [0, 0, false];
  // Somebody else's deliveries, all the while.
  const others = (async () => {
    while (!done) {
      const reply = await hr(edge.url, `beside_${beside}`, hire(`beside${beside}`));
      assert.equal(reply.status, 200, JSON.stringify(reply));
      beside += 1;
    }
  })();
  for (let at = 0; at < inputs.length; at += 8) {
    await Promise.all(inputs.slice(at, at + 8).map(async (input, n) => {
      const body = Buffer.from(input.body, "base64");
      const sent = [["hr", signedHr(`bytes_${at + n}`, body)], ["plain", signedPlain(body)], ["mapped", signedPlain(body)], ["bamboohr", signedBamboo(body)]];
      for (const [source, headers] of sent) {
        const reply = await post(edge.url, source, { ...media(input.media), ...headers }, body);
        assert.equal(reply.status, 200, `${source}: ${JSON.stringify(reply)} to ${body.toString("latin1")}`);
        posted += 1;
      }
    }));
  }
  done = true;
  await others;
  await quiet(edge.url, 240_000);
  const { users } = await sim.state();
  assert.equal(Object.keys(users).filter((user) => user.startsWith("givenbeside")).length, beside);
  const stats = await api(edge.url, "/api/stats");
  console.log(`${posted} deliveries of ${inputs.length} inputs, ${beside} beside them; ${JSON.stringify(stats)}`);
});
