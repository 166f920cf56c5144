// What the program asks of the runtime. Each function carries values and decides nothing.
import { come } from "./people_bg.js";

/** Promises of the program's that are not kept yet, by the number of its work. */
const open = new Map();
export const promised = (id) => new Promise((keep, fail) => open.set(id, { keep, fail }));
export function settle(id, good, value) {
  const { keep, fail } = open.get(id);
  open.delete(id);
  (good ? keep : fail)(value);
}

/** Tells the program what a promise comes to. */
export const follow = (promise, id) => {
  promise.then(
    (value) => come(id, true, value),
    (error) => come(id, false, error),
  );
};

/** A variable or a secret; `undefined` where there is none. */
export const variable = (env, name) => (typeof env[name] === "string" ? env[name] : undefined);

/** Asks an object, by a call that no request from outside can make. */
export const ask = (env, binding, name, question) => env[binding].getByName(name).ask(question);

/** Gives an intake a delivery. */
export const hand = (env, name, label, body) => env.INTAKE.getByName(name).accept(label, body);

/** Names and values, each on a line of its own: neither can hold a line break. */
function lines(headers) {
  let text = "";
  for (const [name, value] of headers) text += `${name}\n${value}\n`;
  return text;
}

function pairs(text) {
  const parts = text.split("\n");
  const all = [];
  for (let n = 0; n + 1 < parts.length; n += 2) all.push([parts[n], parts[n + 1]]);
  return all;
}

/** A body, but at most so many bytes. */
async function read(stream, limit) {
  const reader = stream.getReader();
  const chunks = [];
  let size = 0;
  while (size < limit) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  if (size >= limit) reader.cancel().catch(() => {});
  const whole = new Uint8Array(Math.min(size, limit));
  let at = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, whole.length - at);
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const NOTHING = new Uint8Array();

/**
 * Verb, URL, headers and body of a request from outside, with one byte more than the limit at most; no body where it broke off. Nobody is
 * asked for a limit where there is no body.
 */
export async function taken(request, limit) {
  let body = NOTHING;
  if (request.body) {
    const most = limit();
    // In one go where its length is known: a stream takes many turns.
    const told = request.headers.get("content-length");
    try {
      body = told && Number(told) <= most ? new Uint8Array(await request.arrayBuffer()) : await read(request.body, most + 1);
    } catch {
      body = undefined;
    }
  }
  return [request.method, request.url, lines(request.headers), body];
}

export const answer = (status, headers, body) => new Response(body, { status, headers: pairs(headers) });

/**
 * Sends a request and brings status, headers and at most `limit` bytes and one more of the answer. `undefined`: it is no valid request and
 * did not leave; `null`: the time is up. Follows no redirect.
 */
export async function send(method, url, headers, body, patience, limit) {
  const signal = AbortSignal.timeout(patience);
  let request;
  try {
    request = new Request(url, { method, headers: pairs(headers), body, redirect: "manual", signal });
  } catch {
    return undefined;
  }
  try {
    const answer = await fetch(request);
    return [answer.status, lines(answer.headers), answer.body ? await read(answer.body, limit + 1) : NOTHING];
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** Runs a statement of an object's database to its end; its rows as arrays. */
export const query = (storage, sql, params) => storage.sql.exec(sql, ...params).raw().toArray();

/** What an object keeps beside its database. */
export const kept = (storage, key) => storage.kv.get(key);
export const keep = (storage, key, text) => storage.kv.put(key, text);

/** In so many milliseconds. What is written is durable before any answer leaves the object, so nobody waits for this. */
export function wake(storage, millis) {
  storage.setAlarm(Date.now() + millis);
}

export const complain = (text) => console.error(text);
