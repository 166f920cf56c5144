// The module that Cloudflare starts: instantiates the wasm and exports the handlers and the classes of the objects. An object has no `fetch`:
// nothing from outside can reach it.
import { DurableObject } from "cloudflare:workers";

import * as host from "./host.js";
import * as bindings from "./people_bg.js";
import module from "./people_bg.wasm";
import { __wbg_set_wasm } from "./people_bg.js";

const instance = new WebAssembly.Instance(module, { "./people_bg.js": bindings, "./host.js": host });
__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

const object = (Inner) =>
  class extends DurableObject {
    constructor(state, env) {
      super(state, env);
      this.inner = new Inner(state.storage, env);
    }
    ask(question) {
      return this.inner.ask(question);
    }
    alarm() {
      return this.inner.alarm();
    }
  };

export class Intake extends object(bindings.Intake) {
  accept(label, body) {
    return this.inner.accept(label, body);
  }
}
export class Person extends object(bindings.Person) {}
export class Guard extends object(bindings.Guard) {}

export default {
  fetch: async (request, env) => bindings.fetch(...(await host.taken(request, () => bindings.limit(env))), env),
  scheduled: (_event, env) => bindings.scheduled(env),
};
