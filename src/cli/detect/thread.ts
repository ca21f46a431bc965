import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../../errors.js";
import type { Answer, Task, ThreadData } from "./threads.js";
import { EventScan } from "./event-scan.js";
import { matcherOf, rulesOf } from "./loaded-rules.js";

/** A thread of `detect`: compiles the rules on its own and scans the pieces that it is given. */
const { files, pipelines, logsource } = workerData as ThreadData;
const matcher = matcherOf(rulesOf(files, pipelines), logsource);
let scan: EventScan | null = null;

parentPort?.on("message", (task: Task) => {
  let answer: Answer;
  try {
    if (task.begins || scan === null) scan = new EventScan(matcher, logsource, task.atStart);
    const { buffer, byteOffset, byteLength } = task.bytes;
    answer = {
      number: task.number,
      result: scan.push(Buffer.from(buffer, byteOffset, byteLength), task.last),
    };
  } catch (thrown) {
    answer = { number: task.number, failure: messageOf(thrown) };
  }
  parentPort?.postMessage(answer);
});
