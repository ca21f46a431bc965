import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../../errors.js";
import { EventScan } from "./event-scan.js";
import { matcherOf, rulesOf } from "./loaded-rules.js";
import type { Answer, Task, ThreadData } from "./threads.js";

/** A thread of `detect`: compiles the rules on its own and scans the pieces that it is given. */
const { rules, logsource } = workerData as ThreadData;
const scanned = rulesOf(rules);
const matcher = matcherOf(scanned.all, logsource);

function answerTo({ bytes, begin, last }: Task): Answer {
  try {
    const scan = new EventScan(scanned, matcher, logsource, begin);
    scan.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), last);
    return { type: "result", result: scan.take() };
  } catch (thrown) {
    return { type: "failure", message: messageOf(thrown) };
  }
}

parentPort?.on("message", (task: Task) => {
  parentPort?.postMessage(answerTo(task));
});
parentPort?.postMessage({ type: "ready" } satisfies Answer);
