#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { EXIT, type ExitStatus, TyrianError } from "../errors.js";
import { VERSION } from "../version.js";
import { applyConfiguration, loadConfiguration } from "./configuration.js";
import { failureOf } from "./failure.js";
import { Invocation } from "./invocation.js";
import { verbs } from "./verbs.js";

const description = "Does this analytic fire when these procedures run here, and if not, why not?";
const footer = `
Exit status: 0 all expectations met, 1 an expectation not met, 2 invalid input, 3 execution failed or
indeterminate, 4 SIEM unreachable or undecided, 130 interrupted.`;

/** Parses the words after `tyrian`, runs the verb and returns the exit status. Loads no module but the verb's own. */
async function main(words: readonly string[]): Promise<ExitStatus> {
  const program = new Command("tyrian");
  const invocation = new Invocation(program);
  program
    .description(description)
    .version(VERSION, "-V, --version", "print the version")
    .option("--no-color", "no colours, as with NO_COLOR")
    .option("-q, --quiet", "print data, warnings and errors only")
    .option("-v, --verbose", "print details")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [verb]", "print help of a verb")
    .addHelpText("after", footer)
    .exitOverride()
    // The message of an error comes back with the exception and is printed once, in our own form.
    .configureOutput({ outputError: () => {} });
  const fail = (thrown: unknown): ExitStatus => {
    const { text, exit } = failureOf(thrown, process.env["TYRIAN_DEBUG"] === "1");
    invocation.output.warn(text);
    return exit;
  };
  // What nobody waited for ends the process as any other defect does: with a message and a status.
  const defect = (thrown: unknown): void => process.exit(fail(thrown));
  process.on("uncaughtException", defect).on("unhandledRejection", defect);

  try {
    const asked = verbAsked(words);
    for (const verb of verbs) {
      const command = program.command(verb.name).description(verb.summary);
      if (verb.name === asked) (await verb.load()).register(command, invocation);
    }
    if (words[0] === "help" && asked !== undefined && !verbs.some(({ name }) => name === asked))
      throw new TyrianError("usage", `unknown command '${asked}'`, { hint: "See `tyrian --help`." });
    program.hook("preAction", async (_program, command) =>
      applyConfiguration(command, await loadConfiguration()),
    );
    await program.parseAsync(words, { from: "user" });
    return invocation.status ?? EXIT.met;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return fail(thrown);
    if (thrown.exitCode === 0) return EXIT.met;
    // Commander has printed the help of a command that lacks its verb.
    return thrown.code === "commander.help" ? EXIT.invalidInput : fail(asUsage(thrown, verbAsked(words)));
  } finally {
    await invocation.output.flush();
  }
}

/** The verb among the words; also the one whose help is asked for. The global options take no values. */
function verbAsked(words: readonly string[]): string | undefined {
  const [first, second] = words.filter((word) => !word.startsWith("-"));
  return first === "help" ? second : first;
}

function asUsage(error: CommanderError, verb: string | undefined): TyrianError {
  const [message = "", ...suggestion] = error.message.replace(/^error: /, "").split("\n");
  const known = verbs.some(({ name }) => name === verb);
  const hint =
    suggestion.length > 0
      ? suggestion.join(" ").replace(/^\((.*)\)$/, "$1")
      : `See \`tyrian ${known ? `${verb} ` : ""}--help\`.`;
  return new TyrianError("usage", message.replaceAll("command-argument value", "value"), { hint });
}

// What is still open (a socket that nobody waits for) must not keep a finished command alive.
process.exit(await main(process.argv.slice(2)));
