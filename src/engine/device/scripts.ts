import { withoutToken } from "../../lab/scope.js";
import type { HostScripts } from "../host-scripts.js";
import { posixReports, type Status } from "../status-lines.js";
import { interruptAct, runDeviceAct } from "./act.js";
import { atOwnPrompt, deviceOf, linesOf } from "./prompt.js";

/**
 * A network device: no shell reads scripts there, so everything is typed, line by line. It has neither processes nor files of a trial's
 * own; what is left to undo is its configuration.
 */
export const deviceScripts: HostScripts = {
  reports: posixReports,
  leaves: "nothing-else",

  act: runDeviceAct,

  sweep: (_session, trial) => {
    const swept: Status = { word: "swept", rest: interruptAct(trial) ? "1" : "0" };
    return Promise.resolve({ statuses: [swept], ending: "exited" });
  },

  /** The probe of a device prints nothing when it is clean. */
  cleanUp: async (session, trial, _strays, deadlineMs) => {
    const { cleanup } = trial;
    if (cleanup === "none") return { statuses: [], ending: "exited" };
    return await atOwnPrompt(deviceOf(session), async (dialog) => {
      const options = { deadlineMs, signal: AbortSignal.timeout(deadlineMs) };
      for (const line of linesOf(cleanup.run)) {
        const reply = await dialog.type(line, options);
        if (reply.ending !== "answered") return { statuses: [], ending: "disconnected" };
      }
      const [line = ""] = linesOf(cleanup.probe);
      const reply = await dialog.type(line, options);
      if (reply.ending !== "answered") return { statuses: [], ending: "disconnected" };
      const found = [...reply.errors, withoutToken(reply.output).trim()].find((text) => text !== "");
      const said = found === undefined ? "0" : JSON.stringify(found.slice(0, 120));
      return { statuses: [{ word: "probe", rest: said }], ending: "exited" };
    });
  },

  proof: (session, _trial, command, deadlineMs) =>
    atOwnPrompt(deviceOf(session), async (dialog) => {
      const startedAt = Date.now();
      const began = performance.now();
      const reply = await dialog.type(linesOf(command).join(" "), { deadlineMs });
      const isAnswered = reply.ending === "answered";
      return {
        ending: isAnswered ? "exited" : "disconnected",
        exitCode: reply.errors.length === 0 && isAnswered ? 0 : null,
        signal: null,
        stdout: withoutToken(reply.output),
        stderr: reply.errors.map((error) => `${error}\n`).join(""),
        truncated: { stdout: reply.truncated, stderr: false },
        evidenceFiles: [],
        startedAt,
        endedAt: Date.now(),
        durationMs: performance.now() - began,
      };
    }),
};
