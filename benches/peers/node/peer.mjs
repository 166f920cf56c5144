// What an integration in Node does with one delivery: check the HMAC, decode, map, compare with the account, encode the call.
// `node peer.mjs DELIVERY` reads numbers of deliveries, one a line, does so many each time, and prints microseconds of CPU for each and the body that it would send.
import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const given = JSON.parse(readFileSync(process.argv[2], "utf8"));
const raw = Buffer.from(given.body);
// Made once, as ours is.
const key = createSecretKey(Buffer.from(given.secret));
const account = {
  id: "noor.haddad@example.com", givenName: "Noor", familyName: "Haddad", title: "Nurse", department: "Emergency", employeeId: "41",
  locations: [{ area: "Berlin" }], phoneNumbers: [{ type: "MOBILE", value: "+49 30 1234" }],
};
const FIELDS = { "First Name": "givenName", "Last Name": "familyName", "Job Title": "title", Department: "department" };

function verify(body, timestamp, signature) {
  if (Math.abs(given.now - Number(timestamp)) > 300) return false;
  const expected = createHmac("sha256", key).update(body).update(timestamp).digest();
  const proof = Buffer.from(signature, "hex");
  return proof.length === expected.length && timingSafeEqual(proof, expected);
}

function profile(employee) {
  const value = (name) => employee.fields[name]?.value ?? "";
  const out = { employeeId: employee.id };
  for (const [name, member] of Object.entries(FIELDS)) if (value(name)) out[member] = value(name);
  if (value("Location")) out.locations = [{ area: value("Location") }];
  if (value("Mobile Phone")) out.phoneNumbers = [{ type: "MOBILE", value: value("Mobile Phone") }];
  return out;
}

function handle() {
  if (!verify(raw, given.timestamp, given.signature)) throw new Error("not proven");
  const { employees } = JSON.parse(raw);
  const calls = [];
  for (const employee of employees) {
    if (employee.action === "Deleted" || employee.fields.Status?.value !== "Active") continue;
    if (employee.fields["Hire Date"]?.value > "2026-03-02") continue;
    const wanted = profile(employee);
    const patch = {};
    for (const [member, value] of Object.entries(wanted)) {
      const same = typeof value === "object" ? JSON.stringify(value) === JSON.stringify(account[member]) : value === account[member];
      if (!same) patch[member] = value;
    }
    if (Object.keys(patch).length > 0) {
      calls.push({ method: "PATCH", path: `/users/${encodeURIComponent(account.id)}`, body: JSON.stringify(patch) });
    }
  }
  return calls;
}

let calls;
for (let n = 0; n < 20_000; n += 1) calls = handle();
for await (const line of createInterface({ input: process.stdin })) {
  const times = Number(line);
  const began = process.cpuUsage();
  for (let n = 0; n < times; n += 1) calls = handle();
  const { user, system } = process.cpuUsage(began);
  console.log(`${((user + system) / times).toFixed(3)} ${calls[0].body}`);
}
