import type { Command } from "commander";
import { EXIT } from "../../errors.js";
import type { Invocation } from "../invocation.js";

interface ServeOptions {
  readonly config: string;
}

interface CheckOptions {
  readonly lab?: string;
  readonly json?: true;
}

export function register(command: Command, invocation: Invocation): void {
  registerServe(command, invocation);
  registerCheck(command, invocation);
}

function registerCheck(command: Command, invocation: Invocation): void {
  command
    .command("check")
    .description(
      "whether a SIEM of the configuration gives what a run needs of it, and what to do where it does not",
    )
    .argument("<name>", "the SIEM: NAME[@ENVIRONMENT] of tyrian.config.yaml")
    .option("--lab <file>", "inventory of the lab whose hosts' events must be there")
    .option("--json", "print {siem, lines: [{what, state, detail, todo}]}")
    .addHelpText(
      "after",
      "\nAsks for: an answer, the login, the clock, the rights, the newest event of each host, each bound rule. Nothing is changed.\n" +
        "Exit status: 0 nothing is wrong, 1 a host has no events or a rule is missing or off, 4 it does not answer, refuses or does not tell.",
    )
    .action(
      invocation.action(async (name: string, { lab, json }: CheckOptions) => {
        const { checkNamedSiem, checkStatus, printCheck } = await import("../siem-check.js");
        const lines = await checkNamedSiem(name, lab, invocation.signal);
        if (json === true) invocation.output.json({ siem: name, lines });
        else printCheck(lines, invocation.output);
        return checkStatus(lines);
      }),
    );
}

function registerServe(command: Command, invocation: Invocation): void {
  command
    .command("serve")
    .description("run the embedded SIEM alone, for a lab of several machines, until SIGTERM or SIGINT")
    .requiredOption("--config <file>", "its listeners, tokens, rules and files; see docs/siem-serve.md")
    .action(
      invocation.action(async ({ config }: ServeOptions) => {
        const { output, signal } = invocation;
        const { readServeSettings } = await import("../siem-serve/configuration.js");
        const { serveSiem } = await import("../siem-serve/served-siem.js");
        const { loadRules } = await import("../detect/loaded-rules.js");
        const settings = await readServeSettings(config);
        const rules = loadRules(settings.rules, { cache: true, pipelines: [] });
        for (const { file, reasons } of rules.unsupported)
          output.warn(`not loaded: ${file}: ${reasons.map(({ message }) => message).join("; ")}`);

        const served = await serveSiem(settings, [...rules.rules, ...rules.correlations]);
        const tell = (): void => output.json(served.status());
        // Node would open its debugger for this signal.
        process.on("SIGUSR1", tell);
        try {
          for (const { receiver, at } of served.listening) output.data(`${receiver.name} ${at}`);
          await Promise.race([served.ready, aborted(signal)]);
          if (!signal.aborted) output.data("ready");
          await aborted(signal);
        } finally {
          await served.close();
          process.off("SIGUSR1", tell);
        }
        output.note("all that was received is stored");
        return EXIT.met;
      }),
    );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
