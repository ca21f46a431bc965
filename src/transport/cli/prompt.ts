import type { Gate } from "../gate.js";
import type { Dialog, Reply, TypeOptions } from "../transport.js";
import type { DeviceDialog } from "./dialog.js";
import type { DeviceProfile } from "./profile.js";

/** Milliseconds to leave the configuration mode in which a prompt was left. */
const LEAVE_MS = 5_000;

/**
 * The one prompt of a connection, lent to one after the other. It stays open between them: many devices end a connection with
 * its terminal.
 */
export class Prompt {
  readonly #turn: Gate;
  readonly #open: (signal: AbortSignal) => Promise<DeviceDialog>;
  #dialog: DeviceDialog | null = null;

  /**
   * @param turn with one place
   * @param open opens it, when it is first wanted and after the device has hung up
   */
  constructor(turn: Gate, open: (signal: AbortSignal) => Promise<DeviceDialog>) {
    this.#turn = turn;
    this.#open = open;
  }

  /** Waits for its turn, and lends the prompt as a fresh one looks; an aborted signal rejects with its reason. */
  async lend(signal: AbortSignal): Promise<Dialog> {
    await this.#turn.enter(signal);
    try {
      const kept = await this.#kept();
      this.#dialog = kept ?? (await this.#open(signal));
      return new LentPrompt(this.#dialog, () => this.#turn.leave());
    } catch (thrown) {
      this.#turn.leave();
      throw thrown;
    }
  }

  close(): void {
    this.#dialog?.close();
    this.#dialog = null;
  }

  /** The prompt that is open, out of the configuration mode; null when there is none. */
  async #kept(): Promise<DeviceDialog | null> {
    const dialog = this.#dialog;
    if (dialog === null || !dialog.open) return null;
    if (!dialog.inConfiguration) return dialog;
    await dialog.type(dialog.profile.leaveConfiguration, { deadlineMs: LEAVE_MS });
    if (dialog.open && !dialog.inConfiguration) return dialog;
    dialog.close();
    return null;
  }
}

/** The prompt as one of its users has it, until it is closed. */
class LentPrompt implements Dialog {
  readonly profile: DeviceProfile;
  readonly #dialog: DeviceDialog;
  readonly #giveBack: () => void;
  #isMine = true;

  constructor(dialog: DeviceDialog, giveBack: () => void) {
    this.profile = dialog.profile;
    this.#dialog = dialog;
    this.#giveBack = giveBack;
  }

  get open(): boolean {
    return this.#isMine && this.#dialog.open;
  }

  get inConfiguration(): boolean {
    return this.#dialog.inConfiguration;
  }

  async type(line: string, options: TypeOptions): Promise<Reply> {
    if (!this.#isMine) throw new Error("a prompt was used after it was given back");
    return await this.#dialog.type(line, options);
  }

  interrupt(): boolean {
    return this.#isMine && this.#dialog.interrupt();
  }

  close(): void {
    if (!this.#isMine) return;
    this.#isMine = false;
    this.#giveBack();
  }
}
