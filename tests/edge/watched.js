// The Worker with its objects watched, or treated badly: WATCH is "count", "twice" (each alarm fires twice) or "die" (objects are
// aborted in the middle of alarms, at a call to another object). /watched tells what was seen.
import people, * as all from "./worker.js";

const none = () => ({ Intake: 0, Person: 0, Guard: 0 });
const seen = { alarms: 0, deaths: 0, bytes: {}, rows: {}, most: none(), requests: none() };

/** Mulberry32: the same moments in every run. */
let seed = 1;
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** Counts the rows that the statements of an object write, indices included, as they are billed. */
function counted(name, sql) {
  const exec = sql.exec.bind(sql);
  const cursors = [];
  const fold = () => {
    for (const cursor of cursors.splice(0)) seen.rows[name] = (seen.rows[name] ?? 0) + cursor.rowsWritten;
  };
  // A cursor knows when it is read to its end, so it is asked at the next one.
  sql.exec = (...statement) => {
    fold();
    const cursor = exec(...statement);
    cursors.push(cursor);
    return cursor;
  };
  return fold;
}

const watched = (name) =>
  class extends all[name] {
    constructor(state, env) {
      const watch = { asked: 0, alarm: false };
      const space = (given) => ({
        getByName(object) {
          watch.asked += 1;
          if (watch.alarm && env.WATCH === "die" && seen.deaths < 25 && random() < 0.15) {
            seen.deaths += 1;
            // In a turn of its own, as the runtime does it: never in the middle of one.
            setTimeout(() => state.abort("a test"), 0);
          }
          return given.getByName(object);
        },
      });
      super(state, new Proxy(env, { get: (env, key) => (env[key]?.getByName ? space(env[key]) : env[key]) }));
      const fold = env.WATCH === "count" ? counted(name, state.storage.sql) : () => {};
      Object.assign(this, { state, watch, fold });
    }
    ask(question) {
      seen.requests[name] += 1;
      return super.ask(question);
    }
    accept(label, body) {
      seen.requests[name] += 1;
      return super.accept(label, body);
    }
    async alarm() {
      seen.requests[name] += 1;
      const { watch } = this;
      for (let n = 0; n < (this.env.WATCH === "twice" ? 2 : 1); n += 1) {
        seen.alarms += 1;
        const before = watch.asked;
        watch.alarm = true;
        await super.alarm();
        watch.alarm = false;
        seen.most[name] = Math.max(seen.most[name], watch.asked - before);
        this.fold();
        seen.bytes[name] ??= {};
        seen.bytes[name][this.state.id] = this.state.storage.sql.databaseSize;
      }
    }
  };

export const Intake = watched("Intake");
export const Person = watched("Person");
export const Guard = watched("Guard");

export default {
  ...people,
  fetch: (request, env) => (request.url.endsWith("/watched") ? Response.json(seen) : people.fetch(request, env)),
};
