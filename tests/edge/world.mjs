// A small world: the pretend clouds as a process of their own, the Worker's bundle in workerd, and a sender that signs as vendors do.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, "../..");
export const BUNDLE = process.env.PEOPLE_BUNDLE ?? join(ROOT, "worker/build");
const SIM = process.env.PEOPLE_SIM ?? join(ROOT, "target/debug/examples/sim");

export const HR_SECRET = Buffer.from("a-secret-of-thirty-two-bytes-....");
export const PLAIN_SECRET = "plain-secret";
export const BAMBOO_SECRET = "bamboo-secret";
export const ADMIN = { authorization: "Bearer admin-token" };

export function document(sim, { policy = "", google = "", tail = "" } = {}) {
  return `
[cloudm]
domain = "example.com"
base_url = "${sim.urls.cloudm}"
[google]
credentials = { env = "GOOGLE_KEY" }
${google}
[server]
admin_token = { env = "ADMIN" }
[[source]]
name = "hr"
kind = "standard-webhooks"
secrets = [{ env = "HR" }]
timezone = "Europe/Berlin"
[[source]]
name = "plain"
kind = "generic"
secrets = [{ env = "PLAIN" }]
signature = { algorithm = "hmac-sha256", header = "X-Signature" }
[[source]]
name = "bamboohr"
kind = "bamboohr"
secrets = [{ env = "BAMBOO" }]
[source.api]
base_url = "${sim.urls.bamboohr}"
key = { env = "BAMBOO_API" }
[policy]
retry = { base = "50ms", settle = "100ms", cap = "1s" }
${policy}
${tail}
`;
}

/** The pretend clouds, in a process of their own. */
export class Sim {
  static async start() {
    const sim = new Sim();
    // Making a key takes long in a debug build, so one is kept beside the binary.
    const pem = join(dirname(SIM), "edge-test-key.pem");
    sim.process = spawn(SIM, existsSync(pem) ? [pem] : [], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: sim.process.stdout });
    const { value } = await lines[Symbol.asyncIterator]().next();
    Object.assign(sim, JSON.parse(value));
    if (!existsSync(pem)) writeFileSync(pem, sim.key.private_key);
    return sim;
  }
  async control(method, path, body) {
    const answer = await fetch(`${this.urls.control}/${path}`, { method, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
  state() {
    return this.control("GET", "state");
  }
  fault(fault) {
    return this.control("POST", "faults", fault);
  }
  /** Calls to CloudM that changed something, as `operation`. */
  async effects() {
    const { calls } = await this.state();
    return calls.filter((call) => call.api === "cloudm" && call.effect);
  }
  stop() {
    this.process.stdin.end();
  }
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What miniflare is told. `main` is a module before the bundle, which it may import. */
export function options(sim, { config = document(sim), bindings = {}, persist, port, bundle = BUNDLE, main } = {}) {
  const sqlite = (className) => ({ className, useSQLite: true });
  return {
    modules: [
      ...(main ? [{ type: "ESModule", path: join(bundle, main.name), contents: main.contents }] : []),
      { type: "ESModule", path: join(bundle, "worker.js") },
      { type: "CompiledWasm", path: join(bundle, "people_bg.wasm") },
    ],
    modulesRoot: bundle,
    compatibilityDate: "2026-07-01",
    host: "127.0.0.1",
    port,
    bindings: {
      PEOPLE_CONFIG: config,
      GOOGLE_KEY: JSON.stringify(sim.key),
      ADMIN: "admin-token",
      PEOPLE_ADMIN_TOKEN: "admin-token",
      HR: `whsec_${HR_SECRET.toString("base64")}`,
      PLAIN: PLAIN_SECRET,
      BAMBOO: BAMBOO_SECRET,
      BAMBOO_API: sim.bamboohr_key,
      ...bindings,
    },
    durableObjects: { INTAKE: sqlite("Intake"), PERSON: sqlite("Person"), GUARD: sqlite("Guard") },
    durableObjectsPersist: persist,
  };
}

/** The Worker in workerd, in this process's miniflare. */
export class Edge {
  static async start(sim, given = {}) {
    const edge = new Edge();
    edge.flare = new Miniflare(options(sim, given));
    edge.url = (await edge.flare.ready).href.replace(/\/$/, "");
    return edge;
  }
  stop() {
    return this.flare.dispose();
  }
}

const hmac = (key, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac("sha256", key));
export const now = () => Math.floor(Date.now() / 1000).toString();

export function signedHr(id, body, stamp = now()) {
  const signature = hmac(HR_SECRET, id, ".", stamp, ".", body).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": `v1,${signature}` };
}
export const signedPlain = (body) => ({ "x-signature": hmac(PLAIN_SECRET, body).digest("hex") });
export function signedBamboo(body, stamp = now()) {
  return {
    "x-bamboohr-timestamp": stamp,
    "x-bamboohr-signature": hmac(BAMBOO_SECRET, body, stamp).digest("hex"),
  };
}

export async function post(url, source, headers, body) {
  const answer = await fetch(`${url}/hooks/${source}`, { method: "POST", headers, body });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

/** Sends an event to `hr` under a message id. */
export function hr(url, id, event) {
  const body = JSON.stringify(event);
  return post(url, "hr", signedHr(id, body), body);
}

export async function api(url, path, init = {}) {
  const ask = () => fetch(`${url}${path}`, { ...init, headers: ADMIN });
  // A kept connection may be closed just as it is used again.
  const answer = await ask().catch((error) => (init.method ? Promise.reject(error) : ask()));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Waits until `check` gives something true, and gives that. */
export async function until(check, what, patience = 20_000) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${patience} ms: ${typeof what === "function" ? await what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const OPEN = ["queued", "working"];
/** Waits until nothing is left to do now; the list of events, newest first. */
export async function quiet(url, patience) {
  const rows = () => api(url, "/api/events?limit=1000");
  return until(
    async () => {
      // The list is long where people are many; the figures tell when it is worth a look.
      const { backlog, events } = await api(url, "/api/stats");
      if (backlog + events[0] + events[1] > 0) return false;
      const list = await rows();
      return !list.some((row) => OPEN.includes(row.status)) && list;
    },
    async () => JSON.stringify(await rows()),
    patience,
  );
}

/** A folder that is removed at the end of the test. */
export function folder(test) {
  const path = mkdtempSync(join(tmpdir(), "people-edge-"));
  test.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function hire(id, more = {}) {
  return {
    type: "hire",
    effectiveDate: "2026-01-05",
    worker: { id, givenName: `Given${id}`, familyName: `Family${id}`, title: "Clerk", ...more },
  };
}

export const size = (path) => readFileSync(path).length;
