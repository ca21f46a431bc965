/**
 * A process that uses the queue's server and can be killed. Arguments: what it does, the state folder, and
 * - `hold`: opens the server, prints its socket, and closes it at a line on its standard input;
 * - `lease KEY HOLDER LIFE_MS`: takes the lease, prints `held`, and keeps it until it is killed.
 */
import { once } from "node:events";
import { takeLease } from "../../src/dispatch/lease.js";
import { openQueueServer } from "../../src/dispatch/redis.js";

const [what = "", state = "", key = "", holder = "", life = "0"] = process.argv.slice(2);
const server = await openQueueServer(state, "");
if (what === "lease") {
  await takeLease(server.client, key, holder, {
    signal: new AbortController().signal,
    onLost: () => console.log("lost"),
    times: { lifeMs: Number(life), renewMs: Number(life) / 4 },
  });
  console.log("held");
} else {
  console.log("path" in server.options ? server.options.path : server.options.host);
}
await once(process.stdin, "data");
await server.close();
process.exit(0);
