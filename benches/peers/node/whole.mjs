// What ours does with one delivery, in Node: peer.mjs is what one writes in an afternoon, and this is what it takes to tell repetitions apart, to
// read fields in any spelling, to let the later statement stand, and to change nothing that must not change.
// `node whole.mjs DELIVERY` reads numbers of deliveries, one a line, does so many each time, and prints microseconds of CPU for each and the body that it would send.
import * as crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const given = JSON.parse(readFileSync(process.argv[2], "utf8"));
const raw = Buffer.from(given.body);
const headers = { "x-bamboohr-signature": given.signature, "x-bamboohr-timestamp": given.timestamp };
const now = given.now * 1000;

// Made once, as ours are.
const keys = [crypto.createSecretKey(Buffer.from(given.secret))];
const sha256 = crypto.hash
  ? (bytes) => crypto.hash("sha256", bytes, "hex")
  : (bytes) => crypto.createHash("sha256").update(bytes).digest("hex");
const address = "noor.haddad@example.com";
const known = {
  account: address, hire: null, leave: null, email: null, offboarding: null, suspended: false, held: null, paused: null, settled: "agreed",
  sent: new Map(), members: new Map(),
};
const account = {
  id: address, givenName: "Noor", familyName: "Haddad", title: "Nurse", department: "Emergency", employeeId: "41",
  locations: [{ area: "Berlin" }], phoneNumbers: [{ type: "MOBILE", value: "+49 30 1234" }],
};
const PROTECTED = new Set(["admin@example.com"]);
const RESERVED = new Set(["id", "email", "password", "provisionDate"]);
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MAP = [
  ["givenName", (f) => f.get("firstname")],
  ["familyName", (f) => f.get("lastname")],
  ["preferredName", (f) => f.get("preferredname")],
  ["title", (f) => f.get("jobtitle")],
  ["department", (f) => f.get("department")],
  ["manager", (f) => f.get("supervisoreid")],
  ["locations", (f) => list(f.get("location"), (area) => ({ area }))],
  ["phoneNumbers", (f) => phones(f.get("mobilephone"), f.get("workphone"))],
];
const list = (value, of) => (value === undefined ? undefined : value ? [of(value)] : null);
const phones = (mobile, work) => {
  if (mobile === undefined && work === undefined) return undefined;
  const all = [];
  if (mobile) all.push({ type: "MOBILE", value: mobile });
  if (work) all.push({ type: "WORK", value: work });
  return all.length > 0 ? all : null;
};

function receive(body) {
  const timestamp = headers["x-bamboohr-timestamp"];
  const signature = headers["x-bamboohr-signature"];
  if (!timestamp || !signature || !(Math.abs(now - Number(timestamp) * 1000) <= 300_000)) return null;
  const proof = Buffer.from(signature, "hex");
  const proven = keys.some((key) => {
    const expected = crypto.createHmac("sha256", key).update(body).update(timestamp).digest();
    return proof.length === expected.length && crypto.timingSafeEqual(proof, expected);
  });
  // The sender gives no id: a repetition has the same body.
  return proven ? `d_${sha256(body).slice(0, 24)}` : null;
}

const plains = new Map();
function plain(name) {
  let known = plains.get(name);
  if (known === undefined) plains.set(name, (known = name.toLowerCase().replaceAll(/[^a-z0-9#]/g, "")));
  return known;
}

function date(text, what) {
  if (!text || text === "0000-00-00") return null;
  if (!DAY.test(text)) throw new Error(`${what} is not a date`);
  return text;
}

function events(delivery, body) {
  const { employees } = JSON.parse(body);
  if (!Array.isArray(employees)) throw new Error("employees is missing");
  const all = [];
  for (const employee of employees) {
    const fields = new Map();
    for (const name in employee.fields) fields.set(plain(name), employee.fields[name]?.value ?? null);
    const hired = date(fields.get("hiredate"), "Hire Date");
    const ended = date(fields.get("terminationdate"), "Termination Date");
    const active = fields.get("status")?.toLowerCase() !== "inactive";
    const profile = [];
    for (const [member, of] of MAP) {
      const value = of(fields);
      if (value !== undefined) profile.push([member, value === "" ? null : value]);
    }
    const at = Date.parse(employee.timestamp);
    if (typeof employee.id !== "string" || Number.isNaN(at)) throw new Error("a record has no id or time");
    const worker = { id: employee.id, email: fields.get("workemail") || null, profile };
    const tell = (kind, day) => all.push({ id: `${delivery}.${all.length}`, kind, at: Math.min(at, now), day, worker });
    if (active || !ended) tell(hired ? "hire" : "change", hired);
    if (ended || !active || employee.action === "Deleted") tell("leave", ended);
  }
  return all;
}

const later = (old, at, id) => old == null || old.at < at || (old.at === at && old.id < id);

/// The state after one more event: of two statements the later stands, ties broken by the event's id.
function hear(state, { id, kind, at, day, worker }) {
  Object.assign(state, { held: null, paused: null, settled: null, sent: new Map() });
  if (kind === "hire" && later(state.hire, at, id)) {
    const names = worker.profile.filter(([name]) => name === "givenName" || name === "familyName");
    state.hire = { at, id, day, names };
  }
  if (kind === "leave" && later(state.leave, at, id)) state.leave = { at, id, day };
  if (worker.email && later(state.email, at, id)) state.email = { at, id, value: worker.email };
  for (const [name, value] of worker.profile) {
    if (later(state.members.get(name), at, id)) state.members.set(name, { at, id, value });
  }
}

/// What is wanted now. Over everywhere on earth: then it does not matter where they are.
function goal(state) {
  const { hire, leave } = state;
  const stands = leave && !(hire?.day > leave.day && hire.at > leave.at);
  if (!stands && hire?.day && Date.parse(hire.day) + 24 * 3_600_000 <= now) return "active";
  if (stands && leave.day && Date.parse(leave.day) + 36 * 3_600_000 <= now) return "gone";
  throw new Error("the person's zone has to be asked");
}

function same(a, b) {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return (a ?? "") === (b ?? "");
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((value, n) => same(value, b[n]));
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => same(a[name], b[name]));
}

function plan(state, person) {
  if (goal(state) !== "active") throw new Error("not this way");
  if (state.offboarding || state.suspended || account.suspended) throw new Error("not this way");
  // Whose account is it?
  if (account.employeeId !== person) throw new Error("somebody else's");
  if (PROTECTED.has(state.account)) return null;
  const patch = {};
  let count = 0;
  const want = (name, value) => {
    if (!same(value, account[name])) count += Number((patch[name] = value) !== undefined);
  };
  for (const [name, { value }] of state.members) {
    if (RESERVED.has(name)) continue;
    if (name === "manager" && value && !value.includes("@")) throw new Error("a colleague has to be found");
    want(name, value ?? "");
  }
  want("employeeId", person);
  if (count === 0 || Object.entries(patch).every(([name, value]) => same(state.sent.get(name), value))) return null;
  return { method: "PATCH", path: `/v4/domains/example.com/users/${encodeURIComponent(state.account)}`, body: JSON.stringify(patch) };
}

function handle() {
  const delivery = receive(raw);
  if (!delivery) throw new Error("not proven");
  let state = null;
  let person;
  for (const event of events(delivery, raw)) {
    state ??= { ...known, members: new Map(known.members) };
    hear(state, event);
    person = event.worker.id;
  }
  return plan(state, person);
}

let call;
for (let n = 0; n < 20_000; n += 1) call = handle();
for await (const line of createInterface({ input: process.stdin })) {
  const times = Number(line);
  const began = process.cpuUsage();
  for (let n = 0; n < times; n += 1) call = handle();
  const { user, system } = process.cpuUsage(began);
  console.log(`${((user + system) / times).toFixed(3)} ${call.body}`);
}
