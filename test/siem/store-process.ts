/** Stores one record after the other in the folder that is named, and prints the number of each when it is acknowledged. */
import { openReceivingSiem } from "../../src/siem/embedded/index.js";
import { laurelLine, received } from "./received.js";

const { received: feed } = await openReceivingSiem({
  ...{ folder: process.argv[2] as string, maximumBytes: 10_000_000, sources: [], rules: [] },
});
for (let serial = 1; ; serial += 1) {
  await feed.sink.store([received(laurelLine(serial, "/bin/echo", String(serial)))]);
  process.stdout.write(`${serial}\n`);
}
