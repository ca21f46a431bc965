import type { Trial } from "../../../src/model/trial.js";
import { profileOf } from "../../../src/transport/cli/profiles.js";
import type { Dialog, ExecResult, Reply, Session } from "../../../src/transport/transport.js";
import { scripted, shellTrial } from "../workbench.js";

/** Answers a line; what it leaves out is an empty answer. */
export type Answer = (line: string) => Partial<Reply> | Promise<Partial<Reply>>;

export interface StandIn {
  readonly session: Session;
  /** The lines of each prompt that was opened, in order. */
  readonly prompts: readonly (readonly string[])[];
  /** Commands that were given one-shot. */
  readonly given: readonly string[];
}

/** A stand-in for a session with a router: it keeps what it is given and answers what the test says. */
export function deviceSession(
  answer: Answer,
  exec: (command: string) => Partial<ExecResult> = () => ({}),
): StandIn {
  const prompts: string[][] = [];
  const given: string[] = [];
  const profile = profileOf("frr");
  const openDialog = (): Promise<Dialog> => {
    const lines: string[] = [];
    prompts.push(lines);
    let isOpen = true;
    let interrupted: (() => void) | null = null;
    return Promise.resolve({
      profile,
      get open() {
        return isOpen;
      },
      get inConfiguration() {
        return lines.lastIndexOf("configure terminal") > lines.lastIndexOf("end");
      },
      type: async (line) => {
        lines.push(line);
        const stopped = new Promise<Partial<Reply>>((resolve) => {
          interrupted = () => resolve({ ending: "interrupted" });
        });
        const reply = await Promise.race([answer(line), stopped]);
        interrupted = null;
        if (reply.ending === "closed") isOpen = false;
        return { ending: "answered", output: "", errors: [], truncated: false, ...reply };
      },
      interrupt: () => {
        const isTyping = interrupted !== null;
        interrupted?.();
        return isTyping;
      },
      close: () => {
        isOpen = false;
      },
    });
  };
  const base = scripted(() => ({}));
  const session: Session = {
    ...base,
    target: "r1",
    device: { profile, openDialog },
    exec: async (command, options) => {
      given.push(command);
      const result = exec(command);
      return { ...(await base.exec("", options)), ...result };
    },
  };
  return { session, prompts, given };
}

/** A trial for the router. */
export function deviceTrial(code: string, over: Parameters<typeof shellTrial>[1] = {}): Trial {
  return shellTrial(code, {
    ...{ platform: "network", target: "r1", proof: { exitCode: 0, stdout: { contains: "done" } } },
    requires: [{ check: "show version", description: "the command line of frr" }],
    ...over,
    act: { program: "frr", via: "stdin", ...over.act },
  });
}
