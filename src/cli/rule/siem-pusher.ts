import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { stateFolder } from "../../config.js";
import { type ErrorCode, TyrianError } from "../../errors.js";
import { placeOf } from "../../siem/bindings/place.js";
import type { ConnectorKindSettings } from "../../siem/connect.js";
import type { RuleFiles } from "../../siem/push/rule-files.js";
import { PushedRules } from "../../siem/push/pushed-rules.js";
import { RulePusher, type PushedRule } from "../../siem/push/rule-pusher.js";
import { markOf, type RuleToPush } from "../../siem/push/rule-to-push.js";
import { chooseSiem } from "../siem-choice.js";

/** Milliseconds that a SIEM has to take or to give up one rule. */
const RULE_MS = 50_000;
const REFUSED: ReadonlySet<ErrorCode> = new Set(["rule-not-ours", "push-unsupported"]);

/** What was pushed and not removed, of all SIEMs. */
export function pushedRules(): PushedRules {
  return new PushedRules(join(stateFolder(), "pushed-rules.ndjson"));
}

/** A SIEM of the configuration to which rules are pushed, with the journal of that. */
export class SiemPusher {
  readonly #journal = pushedRules();

  private constructor(
    readonly name: string,
    readonly settings: ConnectorKindSettings,
    readonly pusher: RulePusher | RuleFiles,
  ) {}

  /**
   * Does something with a SIEM, and closes what it opened.
   * @throws TyrianError `push-unsupported`, `usage`, `siem-...`
   */
  static async with<T>(siem: string, use: (pusher: SiemPusher) => Promise<T>): Promise<T> {
    const { settings } = await chooseSiem(siem);
    const { siem: name } = placeOf(siem);
    if (settings === null)
      throw new TyrianError("push-unsupported", "the embedded SIEM evaluates the rules of the run itself", {
        hint: "Name the rule in a playbook: `tyrian run` loads it.",
      });
    if (settings.kind === "tyrian")
      throw new TyrianError(
        "push-unsupported",
        `${name}: a served SIEM reads its rules when it starts, and nothing is changed through its API`,
        {
          hint: "Put the file among the `rules:` of its configuration and start it again (docs/siem-serve.md).",
        },
      );
    const { openConnector } = await import("../../siem/connect.js");
    const connector = await openConnector(name, settings);
    try {
      return await use(new SiemPusher(name, settings, connector.pusher()));
    } finally {
      await connector.close();
    }
  }

  /**
   * Noted before anything is sent, so that a crash leaves nothing behind that nobody knows of.
   * @param folder where rules of SIEMs that read files are written
   * @throws TyrianError `rule-not-ours`, `push-unsupported`, `siem-...`
   */
  async push(rule: RuleToPush, folder: string, signal: AbortSignal): Promise<PushedRule> {
    const { analytic, title } = rule;
    const known = await this.#known(analytic);
    const about = { siem: this.name, url: this.settings.url, analytic, title };
    await this.#journal.note("pushing", { ...about, id: null });
    try {
      const pushed =
        this.pusher instanceof RulePusher
          ? await this.pusher.push(rule, known, deadline(signal))
          : await writeRuleFile(this.pusher, rule, folder);
      await this.#journal.note("pushed", { ...about, id: pushed.id });
      return pushed;
    } catch (thrown) {
      // What was refused by ourselves was not sent.
      const isRefused = thrown instanceof TyrianError && REFUSED.has(thrown.code);
      if (isRefused && known === null) await this.#journal.note("removed", { ...about, id: null });
      throw thrown;
    }
  }

  /** @throws TyrianError `rule-not-ours`, `siem-...` */
  async remove(analytic: string, signal: AbortSignal): Promise<"removed" | "absent"> {
    const known = await this.#known(analytic);
    const outcome =
      this.pusher instanceof RulePusher
        ? await this.pusher.remove(analytic, known, deadline(signal))
        : await removeRuleFile(known, analytic);
    await this.#journal.note("removed", {
      siem: this.name,
      url: this.settings.url,
      analytic,
      title: "",
      id: known,
    });
    return outcome;
  }

  /** The id under which the rule was pushed before; a name of the configuration that now means another server is refused. */
  async #known(analytic: string): Promise<string | null> {
    const before = await this.#journal.find(this.name, analytic);
    if (before === null) return null;
    if (before.url === this.settings.url) return before.id;
    throw new TyrianError(
      "rule-not-ours",
      `${analytic} was pushed to ${this.name} at ${before.url}, and ${this.name} is ${this.settings.url} now`,
      {
        hint: "Give the SIEM its former address and remove the rule there first (`tyrian rule remove --all`).",
      },
    );
  }
}

function deadline(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(RULE_MS)]);
}

async function writeRuleFile(files: RuleFiles, rule: RuleToPush, folder: string): Promise<PushedRule> {
  const { name, text } = files.fileOf(rule);
  const file = resolve(folder, name);
  const before = existsSync(file) ? readFileSync(file, "utf8") : null;
  if (before === text) return { id: file, outcome: "unchanged" };
  if (before !== null) assertOwn(file, before, rule.analytic);
  await mkdir(resolve(folder), { recursive: true });
  await writeFile(file, text);
  return { id: file, outcome: before === null ? "created" : "updated" };
}

async function removeRuleFile(file: string | null, analytic: string): Promise<"removed" | "absent"> {
  if (file === null || !existsSync(file)) return "absent";
  assertOwn(file, readFileSync(file, "utf8"), analytic);
  await rm(file);
  return "removed";
}

function assertOwn(file: string, text: string, analytic: string): void {
  if (!text.includes(markOf(analytic)))
    throw new TyrianError("rule-not-ours", `${file} does not carry Tyrian's tag of ${analytic}`);
}
