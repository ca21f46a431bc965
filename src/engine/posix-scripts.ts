import { PassThrough } from "node:stream";
import type { HostScripts } from "./host-scripts.js";
import { keepHouse } from "./housekeeping.js";
import { freshNonce } from "./nonce.js";
import { actScript, cleanupScript, quote, scriptFor, sweepScript } from "./script.js";
import { posixReports, splitStatus } from "./status-lines.js";

/** A host with a /bin/sh, which reads every script from its standard input. */
export const posixScripts: HostScripts = {
  reports: posixReports,
  leaves: "processes-and-files",

  /** Only the shell that will read the script is started before all is armed; when the act is not begun, it reads nothing. */
  act: async (session, trial, nonce, { armed, begin, unwanted, exec }) => {
    const input = new PassThrough();
    const close = (): void => void input.end();
    armed.then(() => {
      if (begin()) input.end(scriptFor(session, actScript(trial, nonce)));
      else close();
    }, close);
    unwanted.addEventListener("abort", close, { once: true });
    try {
      return await session.exec("/bin/sh", { ...exec, stdin: input });
    } finally {
      unwanted.removeEventListener("abort", close);
    }
  },

  sweep: async (session, trial, deadlineMs) => {
    const nonce = freshNonce();
    const { stderr, ending } = await session.exec("/bin/sh", {
      stdin: scriptFor(session, sweepScript(trial, nonce)),
      deadlineMs,
    });
    return { statuses: splitStatus(stderr, nonce).statuses, ending };
  },

  cleanUp: (session, trial, strays, deadlineMs) =>
    keepHouse(session, (nonce) => scriptFor(session, cleanupScript(trial, nonce, strays)), deadlineMs),

  proof: (session, trial, command, deadlineMs) =>
    session.exec("/bin/sh", { stdin: `cd ${quote(trial.work)} || exit 1\n${command}\n`, deadlineMs }),
};
