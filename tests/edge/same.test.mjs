// The same deliveries, in the same order, to the native server and to the Worker, each with pretend clouds of its own and the same
// document: same events, same calls, same outcomes. Prints one table, native beside edge.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { Edge, HERE, ROOT, Sim, api, document, folder, options, post, quiet, signedBamboo, signedHr, signedPlain } from "./world.mjs";

const PEOPLE = process.env.PEOPLE_BINARY ?? join(ROOT, "target/debug/people");

/** What is sent, in order, and what is expected of it. `tests/it/fixtures.rs` plays the same file. */
const { employees, deliveries } = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/deliveries.json"), "utf8"));

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
  await sim.control("POST", "employees", employees);
  const lines = [];
  for (const { title, source, id, body: content } of deliveries) {
    const body = typeof content === "string" ? content : JSON.stringify(content);
    const signed = { hr: () => signedHr(id, body), plain: () => signedPlain(body), bamboohr: () => signedBamboo(body) }[source]();
    const after = (await sim.effects()).length;
    const reply = await post(url, source, { "content-type": "application/json", ...signed }, body);
    await quiet(url);
    const rows = reply.body.accepted ? await api(url, `/api/events?id=${reply.body.accepted}`) : [];
    const calls = (await sim.effects()).slice(after);
    lines.push({
      title,
      id: reply.body.accepted,
      answer: `${reply.status}${reply.body.duplicate ? " duplicate" : ""}`,
      events: rows.map((row) => `${row.kind} ${row.status}${row.note && ` (${row.note})`}`).sort(),
      calls: calls.map((call) => `${call.op} ${call.path.split("/").slice(4).join("/")}`).sort(),
    });
  }
  const { users } = await sim.state();
  const stats = await api(url, "/api/stats");
  return { lines, users, stats };
}

/** What the journals in these files hold, told apart only by what may differ: moments, and ids that are made of them. */
function journal(files) {
  const text = execFileSync(process.env.PEOPLE_PYTHON ?? "python3", [join(HERE, "rows.py"), ...files], { maxBuffer: 1 << 26 }).toString();
  return JSON.parse(text);
}

/** Every file under a folder that ends so. */
const files = (dir, end) => readdirSync(dir, { recursive: true }).filter((name) => name.endsWith(end)).map((name) => join(dir, name));

/** Ids of deliveries by the order in which they were accepted, moments of this run as such. */
function plain(value, ids) {
  let text = JSON.stringify(value);
  ids.forEach((id, n) => (text = text.replaceAll(id, `delivery ${n + 1}`)));
  // A fetch has an id of its own.
  text = text.replaceAll(/d_[0-9a-f]{24}/g, "a fetch");
  return JSON.parse(text, (_, part) => (typeof part === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(part) && Math.abs(Date.parse(part) - Date.now()) < 3_600_000 ? "now" : part));
}

const shown = (line) => `${line.answer}; ${line.calls.join(", ") || "no call"}; ${line.events.join(", ") || "no event"}`;

test("native and edge do the same", async (context) => {
  const sims = [await Sim.start(), await Sim.start()];
  context.after(() => sims.forEach((sim) => sim.stop()));
  const [left, right] = [folder(context), folder(context)];
  const server = await native(sims[0], left);
  context.after(() => server.stop());
  const edge = await Edge.start(sims[1], { config: document(sims[1]), persist: right });
  context.after(() => edge.stop().catch(() => {}));
  const [here, there] = await Promise.all([play(sims[0], server.url), play(sims[1], edge.url)]);
  server.stop();
  await edge.stop();
  const rows = (files, { lines }) => plain(journal(files), lines.map((line) => line.id).filter(Boolean));
  const logs = [
    rows(files(left, ".sqlite"), here),
    // The guard has outlines of the same once more.
    rows(files(right, ".sqlite").filter((name) => !name.includes("Guard")), there)];
  const of = (log, n) => Object.values(log.people).flat().filter((entry) => JSON.stringify(entry).includes(`delivery ${n}.`)).length;
  let n = 0;
  for (const [index, line] of here.lines.entries()) {
    n += line.id ? 1 : 0;
    console.log(`${String(index + 1).padStart(2)}. ${line.title}`);
    console.log(`    native ${shown(line)}; ${line.id ? of(logs[0], n) : 0} rows`);
    console.log(`    edge   ${shown(there.lines[index])}; ${line.id ? of(logs[1], n) : 0} rows`);
  }
  for (const run of [here, there]) {
    for (const [index, { expect, title }] of deliveries.entries()) {
      const { answer, events, calls } = run.lines[index];
      assert.deepEqual({ answer, events, calls }, expect, title);
    }
  }
  assert.deepEqual(logs[1].people, logs[0].people);
  assert.deepEqual(logs[1].events.sort(), logs[0].events.sort());
  console.log(`${Object.keys(logs[0].people).length} people's logs, ${Object.values(logs[0].people).flat().length} rows: the same natively and at the edge`);
  const accounts = ({ users }) => plain(users, []);
  assert.deepEqual(accounts(there), accounts(here));
  assert.deepEqual(there.stats, here.stats);
});
