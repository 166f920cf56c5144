// The same deliveries, in the same order, to the native server and to the Worker, each with pretend clouds of its own and the same
// document: same events, same calls, same outcomes. Prints one table, native beside edge.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { Edge, ROOT, Sim, api, document, folder, hire, options, post, quiet, signedBamboo, signedHr, signedPlain } from "./world.mjs";

const PEOPLE = process.env.PEOPLE_BINARY ?? join(ROOT, "target/debug/people");

/** What is sent, in order: source, message id, body. The people are invented. */
const DELIVERIES = [
  ["a hire", "hr", "m1", { ...hire("1", { givenName: "Jürgen", familyName: "Groß" }), occurredAt: "2026-03-02T08:59:00Z" }],
  ["the same again", "hr", "m1", { ...hire("1", { givenName: "Jürgen", familyName: "Groß" }), occurredAt: "2026-03-02T08:59:00Z" }],
  ["a change", "hr", "m2", { type: "change", occurredAt: "2026-03-03T09:00:00Z", worker: { id: "1", title: "Lead" } }],
  ["an older change, late", "hr", "m3", { type: "change", occurredAt: "2026-03-02T09:00:00Z", worker: { id: "1", title: "Old" } }],
  ["a hire of the same name", "hr", "m4", { ...hire("2", { givenName: "Jürgen", familyName: "Groß" }) }],
  ["a hire in the future", "hr", "m5", { ...hire("3"), effectiveDate: "2030-01-07" }],
  ["which is taken back", "hr", "m6", { type: "hire.cancelled", worker: { id: "3" } }],
  ["a leave whose day is over", "hr", "m7", { type: "leave", effectiveDate: "2026-03-31", worker: { id: "1" } }],
  ["a leave in the future", "hr", "m8", { type: "leave", effectiveDate: "2030-03-31", worker: { id: "2" } }],
  ["a leave of nobody", "hr", "m9", { type: "leave", effectiveDate: "2026-03-31", worker: { id: "9" } }],
  ["several at once, one of them unusable", "plain", "", { events: [hire("10"), { type: "hire", worker: {} }, hire("11")] }],
  ["a kind that nobody knows", "plain", "", { type: "birthday", worker: { id: "1" } }],
  ["not JSON", "plain", "", "{"],
  ["a thin notice of BambooHR", "bamboohr", "", { employees: [{ id: "41", action: "Created", changedFields: ["firstName"] }] }],
];

const EMPLOYEE = {
  id: "41", employeeNumber: "1041", firstName: "Noor", lastName: "Haddad", workEmail: "", jobTitle: "Analyst", status: "Active",
  hireDate: "2026-03-02", terminationDate: "0000-00-00",
};

async function native(sim, dir) {
  const { bindings } = options(sim);
  const file = join(dir, "people.toml");
  const text = bindings.PEOPLE_CONFIG.replace("[server]", '[server]\nlisten = "127.0.0.1:0"');
  writeFileSync(file, text);
  const child = spawn(PEOPLE, ["serve", "--config", file], { cwd: dir, env: { ...process.env, ...bindings }, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listening on (http:\S+)/.exec(line)?.[1];
    if (url) return { url, stop: () => child.kill("SIGKILL") };
  }
  throw new Error("the native server did not start");
}

/** Plays everything; a line for each delivery: answer, events, calls. */
async function play(sim, url) {
  await sim.control("POST", "employees", [EMPLOYEE]);
  const lines = [];
  for (const [title, source, id, content] of DELIVERIES) {
    const body = typeof content === "string" ? content : JSON.stringify(content);
    const signed = { hr: () => signedHr(id, body), plain: () => signedPlain(body), bamboohr: () => signedBamboo(body) }[source]();
    const after = (await sim.effects()).length;
    const reply = await post(url, source, { "content-type": "application/json", ...signed }, body);
    await quiet(url);
    const rows = reply.body.accepted ? await api(url, `/api/events?id=${reply.body.accepted}`) : [];
    const calls = (await sim.effects()).slice(after);
    lines.push({
      title,
      answer: `${reply.status}${reply.body.duplicate ? " duplicate" : ""}`,
      events: rows.map((row) => `${row.kind} ${row.person} ${row.status} (${row.note})`).sort(),
      calls: calls.map((call) => `${call.op} ${call.path.split("/").slice(4).join("/")}`).sort(),
    });
  }
  const { users } = await sim.state();
  const stats = await api(url, "/api/stats");
  return { lines, users, stats };
}

test("native and edge do the same", async (context) => {
  const sims = [await Sim.start(), await Sim.start()];
  context.after(() => sims.forEach((sim) => sim.stop()));
  const server = await native(sims[0], folder(context));
  context.after(() => server.stop());
  const edge = await Edge.start(sims[1], { config: document(sims[1]) });
  context.after(() => edge.stop());
  const [left, right] = await Promise.all([play(sims[0], server.url), play(sims[1], edge.url)]);
  const shown = (line) => `${line.answer}; ${line.calls.join(", ") || "no call"}; ${line.events.map((e) => e.replace(/p_\w+ /, "")).join(", ")}`;
  for (const [n, line] of left.lines.entries()) {
    console.log(`${String(n + 1).padStart(2)}. ${line.title}`);
    console.log(`    native ${shown(line)}`);
    console.log(`    edge   ${shown(right.lines[n])}`);
  }
  assert.deepEqual(right.lines, left.lines);
  // Moments of the pretend clouds differ, and nothing else may.
  const plain = ({ users }) =>
    JSON.parse(JSON.stringify(users, (_, value) => (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? "a moment" : value)));
  assert.deepEqual(plain(right), plain(left));
  assert.deepEqual(right.stats, left.stats);
});
