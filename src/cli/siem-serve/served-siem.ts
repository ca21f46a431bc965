import { existsSync, readFileSync } from "node:fs";
import type { CompiledRule } from "../../detection/rule.js";
import { messageOf } from "../../errors.js";
import { deliveryOf, openReceivingSiem } from "../../siem/embedded/index.js";
import { ruleFingerprint } from "../../siem/embedded-remote/rule-text.js";
import { siemApi } from "../../siem/embedded-remote/server.js";
import { HttpReceiver } from "../../telemetry/receivers/http.js";
import type { Receiver } from "../../telemetry/receivers/receiver.js";
import { VERSION } from "../../version.js";
import type { ServeSettings } from "./configuration.js";
import { httpOf, receiverOf } from "./receivers.js";

/** A receiver that listens, and where. */
export interface Listening {
  readonly receiver: Receiver;
  readonly at: string;
}

/** An embedded SIEM with its receivers and its API, up and listening. */
export interface ServedSiem {
  readonly listening: readonly Listening[];
  /** Resolves when what had been received before can be asked about, and more is taken. */
  readonly ready: Promise<void>;
  /** What it is doing, as one document. */
  status(): unknown;
  /** Takes no more, stores what came, and resolves when all is on disk and closed. */
  close(): Promise<void>;
}

/** Of the rules' texts, by id. A file that is gone since the rules were loaded has none, and is not compared. */
function fingerprintsOf(rules: readonly CompiledRule[]): Record<string, string> {
  const files = [...new Set(rules.map(({ file }) => file))].filter((file) => existsSync(file));
  const texts = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
  return Object.fromEntries(
    rules.flatMap(({ id, file }) => {
      const text = texts.get(file);
      return text === undefined ? [] : [[id, ruleFingerprint(text, id)]];
    }),
  );
}

/**
 * Opens the SIEM and begins to listen.
 * @throws TyrianError `run-owned`, `listen-failed`, `secret-unresolved`, `file-unreadable`; everything is closed again
 */
export async function serveSiem(
  settings: ServeSettings & { readonly state: string },
  rules: readonly CompiledRule[],
): Promise<ServedSiem> {
  const fingerprints = fingerprintsOf(rules);
  const { siem, received } = await openReceivingSiem({
    folder: settings.state,
    maximumBytes: settings.keepMiB * 1024 * 1024,
    windowsSensor: settings.windowsSensor,
    sources: settings.files,
    rules: [...rules],
  });
  const startedAt = new Date().toISOString();
  const listening: Listening[] = [];
  const status = (): unknown => ({
    ...{ name: settings.name, version: VERSION, startedAt },
    ready: received.isBackfilled,
    rules: rules.length,
    received: received.status(),
    receivers: listening.map(({ receiver, at }) => ({ name: receiver.name, at, ...receiver.counts() })),
    problems: siem.problems,
  });
  // Without receivers, what a complete answer lacks is not under way.
  const delivery = deliveryOf(settings.files, settings.receivers.length > 0).type;
  const close = async (): Promise<void> => {
    await Promise.all(listening.map(({ receiver }) => receiver.close()));
    await siem.close();
  };
  try {
    const receivers: Receiver[] = [];
    for (const each of settings.receivers) receivers.push(await receiverOf(each, received.sink));
    if (settings.api !== undefined) {
      const options = await httpOf(settings.api);
      receivers.push(
        new HttpReceiver("api", options, received.sink, (intake) =>
          siemApi(siem, { delivery, status, fingerprints }, intake),
        ),
      );
    }
    for (const receiver of receivers) listening.push({ receiver, at: await receiver.listen() });
  } catch (error) {
    await close().catch((second: unknown) => messageOf(second));
    throw error;
  }
  return { listening, ready: received.backfilled, status, close };
}
