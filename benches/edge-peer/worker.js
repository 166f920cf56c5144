// The peer that the Worker is measured against: what somebody would write by hand in JavaScript for the first step. It checks a Standard
// Webhooks signature, dedupes and stores in a Durable Object, answers, and does nothing else.
export class Inbox {
  constructor(state) {
    this.sql = state.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL)");
  }
  async fetch(request) {
    const id = request.headers.get("x-id");
    const body = await request.arrayBuffer();
    const { rowsWritten } = this.sql.exec(
      "INSERT INTO deliveries (id, at, body) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING", id, Date.now(), body);
    return Response.json(rowsWritten > 0 ? { accepted: id } : { duplicate: true });
  }
}

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
let key;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/livez") return new Response("ok\n");
    if (request.method !== "POST" || pathname !== "/hooks/hr") return new Response("not found", { status: 404 });
    const [id, stamp, signatures] = ["id", "timestamp", "signature"].map((name) => request.headers.get(`webhook-${name}`));
    if (!id || !signatures || Math.abs(Date.now() / 1000 - Number(stamp)) > 300) return new Response("no", { status: 401 });
    const body = await request.arrayBuffer();
    key ??= await crypto.subtle.importKey("raw", bytes(env.HR.slice(6)), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    const head = new TextEncoder().encode(`${id}.${stamp}.`);
    const signed = new Uint8Array(head.length + body.byteLength);
    signed.set(head);
    signed.set(new Uint8Array(body), head.length);
    let proven = false;
    for (const signature of signatures.split(" ")) {
      if (signature.startsWith("v1,")) proven ||= await crypto.subtle.verify("HMAC", key, bytes(signature.slice(3)), signed);
    }
    if (!proven) return new Response("no", { status: 401 });
    const shard = [...id].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 8;
    return env.INBOX.get(env.INBOX.idFromName(`${shard}`)).fetch("https://object/", { method: "POST", headers: { "x-id": id }, body });
  },
};
