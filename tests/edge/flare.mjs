// Miniflare in a process of its own, so that a test can kill it and workerd at any moment. Takes its options from a file, prints one
// line when it serves.
import { readFileSync } from "node:fs";

import { Miniflare } from "miniflare";

const flare = new Miniflare(JSON.parse(readFileSync(process.argv[2], "utf8")));
console.log((await flare.ready).href);
