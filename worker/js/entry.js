// The module that Cloudflare starts: instantiates the wasm and exports the handlers and the classes of the objects.
import * as bindings from "./people_bg.js";
import module from "./people_bg.wasm";
import { __wbg_set_wasm } from "./people_bg.js";

const instance = new WebAssembly.Instance(module, { "./people_bg.js": bindings });
__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

export { Guard, Intake, Person } from "./people_bg.js";

export default {
  fetch: (request, env, context) => bindings.fetch(request, env, context),
  scheduled: (event, env, context) => bindings.scheduled(event, env, context),
};
