// workerd by itself, without miniflare's own worker in front of each request: what is measured is the Worker under test and nothing else.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { freePort } from "../../tests/edge/world.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const WORKERD = join(HERE, "../../tests/edge/node_modules/workerd/bin/workerd");
const text = JSON.stringify;

/** Cap'n Proto text for workerd. Each module is embedded by its name in the folder. */
function configuration({ modules, classes, bindings, port, flags = [] }) {
  const embedded = modules.map(([name, kind]) => `(name = ${text(name)}, ${kind} = embed ${text(name)})`);
  const unique = Object.values(classes).map((name) =>
    `(className = ${text(name)}, uniqueKey = ${text(`people-${name}`)}, enableSql = true)`);
  const bound = [
    ...Object.entries(classes).map(([name, className]) => `(name = ${text(name)}, durableObjectNamespace = ${text(className)})`),
    ...Object.entries(bindings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = "disk", writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
  v8Flags = [${flags.map(text).join(", ")}],
);
const main :Workerd.Worker = (
  modules = [${embedded.join(", ")}],
  compatibilityDate = "2026-07-01",
  durableObjectNamespaces = [${unique.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${bound.join(", ")}],
);
`;
}

/** Seconds that a process has computed, to the nanosecond: the sum over its threads. */
export function cpu(pid) {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // It ended meanwhile.
    }
  }
  return sum / 1e9;
}

/** A Worker in a workerd of its own: `files` are `[name, kind, path or text]`, the first being the main module. */
export class Workerd {
  static async start({ files, classes, bindings, flags }) {
    const self = new Workerd();
    self.dir = mkdtempSync(join(tmpdir(), "people-peer-"));
    mkdirSync(join(self.dir, "disk"));
    for (const [name, , content] of files) writeFileSync(join(self.dir, name), content);
    self.port = await freePort();
    self.url = `http://127.0.0.1:${self.port}`;
    const file = join(self.dir, "config.capnp");
    writeFileSync(file, configuration({ modules: files, classes, bindings, port: self.port, flags }));
    // Compiled before the clock starts: reading a text with megabytes embedded in it is this set-up's affair and no Worker's.
    const compiled = execFileSync(WORKERD, ["compile", "--config-only", basename(file)], { cwd: self.dir, maxBuffer: 1 << 26 });
    writeFileSync(join(self.dir, "config.bin"), compiled);
    self.began = performance.now();
    self.child = spawn(WORKERD, ["serve", "--binary", "config.bin"], { cwd: self.dir, stdio: ["ignore", "inherit", "inherit"] });
    return self;
  }
  /** Milliseconds from the start of the process to the first answer to `send`. */
  async first(send) {
    for (;;) {
      try {
        const answer = await send(this.url);
        if (answer.status !== 200) throw new Error(`first: ${answer.status} ${JSON.stringify(answer.body)}`);
        return performance.now() - this.began;
      } catch (error) {
        if (error.cause?.code !== "ECONNREFUSED" && error.code !== "ECONNREFUSED") throw error;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }
  cpu() {
    return cpu(this.child.pid);
  }
  async stop() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
    rmSync(this.dir, { recursive: true, force: true });
  }
}
