import { createHash } from "node:crypto";
import { TyrianError } from "../errors.js";
import { type Inventory, inventorySchema } from "../model/inventory.js";
import { joinLab, type LabShare } from "../lab/embedded/users.js";
import { labDown, type LabState, labStatus, labUp, probeSensor } from "../lab/embedded/index.js";
import { EMBEDDED_LAB } from "../lab/embedded/inventory-file.js";
import { loadInventory } from "../lab/inventory.js";
import { resolveSecret } from "../secrets.js";

/** What is known of the sensor of a host; see `Siem.sensor`. */
export type SensorProbe = (
  telemetryHost: string,
) => Promise<{ lost: number | null; running: boolean | null; detail: string }>;

/** A lab that a run may use. */
export interface ChosenLab {
  readonly inventory: Inventory;
  /** Tells labs apart whose targets bear the same names: derived from the token, so a rebuilt lab is another. */
  readonly identity: string;
  readonly probe?: SensorProbe;
  /** Whether this command started the embedded lab. */
  readonly started: boolean;
  release(): Promise<void>;
}

export interface LabChoice {
  /** An inventory file; absent: the embedded lab. */
  readonly file?: string;
  /** Hosts of the embedded lab if it has to be started; `none`: it is not started. */
  readonly targets: number | "none";
  readonly signal: AbortSignal;
  onStart?(): void;
}

/**
 * The lab of an inventory file, or the embedded lab: the one that is up, or one that is started for this command. The
 * last command that uses a lab started so ends it with `release`; `tyrian lab up` keeps a lab until `tyrian lab down`.
 * @throws TyrianError `lab-not-up`, `lab-failed`, `inventory-invalid`, `secret-unresolved`
 */
export async function chooseLab(choice: LabChoice): Promise<ChosenLab> {
  if (choice.file !== undefined) return await labOfFile(await loadInventory(choice.file));
  // Joined before it is looked at: from here on no other command ends the lab under us.
  const share = joinLab();
  try {
    const status = await labStatus({});
    let state = status.phase === "up" ? status.state : null;
    const started = state === null;
    if (state === null) {
      if (choice.targets === "none") throw notUp();
      choice.onStart?.();
      share.startedByRun();
      state = await labUp({ targets: choice.targets, signal: choice.signal });
    }
    const up = state;
    const probe: SensorProbe = (host) => probeSensor(up, host);
    return await labOf(await loadInventory(up.inventory), { started, probe, release: () => leave(share) });
  } catch (error) {
    await leave(share);
    throw error;
  }
}

/** When the file is the embedded lab's own, or a copy, its sensors can be asked, and no other command ends it under us. */
async function labOfFile(inventory: Inventory): Promise<ChosenLab> {
  const embedded = await embeddedLabOf(inventory);
  if (embedded === null) return await labOf(inventory, { started: false, release: async () => undefined });
  const share = joinLab();
  const probe: SensorProbe = (host) => probeSensor(embedded, host);
  return await labOf(inventory, { started: false, probe, release: () => leave(share) });
}

/** The embedded lab, when the inventory has its token: nothing else proves that the hosts are the same. */
async function embeddedLabOf(inventory: Inventory): Promise<LabState | null> {
  const token = await resolveSecret(inventory.token.value);
  try {
    const { state } = await labStatus({});
    if (state === null) return null;
    const own = await loadInventory(state.inventory);
    return (await resolveSecret(own.token.value)) === token ? state : null;
  } catch {
    // A state folder that cannot be used holds no lab.
    return null;
  }
}

/** For what does not start a lab: cleaning up after a run. */
function notUp(): TyrianError {
  return new TyrianError("lab-not-up", "the embedded lab is not up", {
    hint: "A lab that is down has taken its hosts, and what was on them, with it. For a run on other hosts name their inventory: --lab FILE.",
  });
}

/** Ends the lab when a run started it and no other command uses it any more. */
async function leave(share: LabShare): Promise<void> {
  if (share.leave() === "last-of-run") await labDown({});
}

async function labOf(
  inventory: Inventory,
  rest: Pick<ChosenLab, "started" | "probe" | "release">,
): Promise<ChosenLab> {
  const token = await resolveSecret(inventory.token.value);
  const digest = createHash("sha256").update(token).digest("hex").slice(0, 12);
  return { inventory, identity: `${inventory.name}-${digest}`, ...rest };
}

/**
 * The inventory that `chooseLab` would give, without starting anything: for planning. The hosts of an embedded lab that
 * is not up are made up by their names alone; nothing can be reached through them.
 */
export async function expectedInventory(choice: { file?: string; targets: number }): Promise<Inventory> {
  if (choice.file !== undefined) return await loadInventory(choice.file);
  const status = await labStatus({});
  if (status.phase === "up" && status.state !== null) return await loadInventory(status.state.inventory);
  return inventorySchema.parse({
    ...EMBEDDED_LAB,
    token: { value: "file:/nonexistent" },
    targets: Array.from({ length: choice.targets }, (_, index) => ({
      name: `h${index + 1}`,
      platform: "linux",
      transport: { type: "local" },
      sensor: { type: "none" },
    })),
  });
}
