import fc from "fast-check";
import type { HostEvent } from "../../src/model/event.js";
import { T0 } from "./builders.js";
import { activity, edgeOf, guidOf, lineText, lookText, started } from "./windows-events.js";

/** What happened on a host, as its logs tell it. */
export interface World {
  readonly events: readonly HostEvent[];
  /** Ids of the act's own. */
  readonly own: readonly string[];
  /** Which of the events are lost, by their index. */
  readonly lost: readonly number[];
}

interface Step {
  readonly what: "act starts" | "other starts" | "ends" | "runs a block" | "loads";
  /** Which of the numbers that are free, or of the processes that live. */
  readonly which: number;
  /** Milliseconds until it happens, and from there until the sensor records it. */
  readonly after: number;
  readonly lag: number;
}

interface Living {
  readonly pid: number;
  readonly unique: number;
  readonly isAct: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom<Step["what"][]>("act starts", "other starts", "ends", "runs a block", "loads"),
  which: fc.nat(3),
  after: fc.nat(20),
  lag: fc.nat(40),
});

/**
 * A trial of Windows on a host of two process numbers beside the wrapper's, which are given again at once. Others' processes come and go
 * before, during and after it. A script block is recorded when it runs; a process when its sensor comes to it, in order, and so what it
 * loads. Sysmon tells beside that when it happened; the Security log records at once, as `windows-activity.ts` assumes of it.
 */
export function world(sensor: "sysmon" | "security"): fc.Arbitrary<World> {
  const part = fc.array(step, { maxLength: 10 });
  const lost = fc.array(fc.nat(20), { maxLength: 2 });
  return fc.tuple(part, part, part, fc.nat(100), lost).map(([before, during, after, lag, gone]) => {
    const host = new Host(sensor);
    for (const each of before) host.take(each, false);
    host.start(edgeOf("begin"), 40, null);
    host.start(started(lineText), 41, null);
    for (const each of during) host.take(each, true);
    host.endAct();
    host.start(started(lookText), 42, null, lag);
    for (const each of after.slice(0, 4)) host.take(each, false);
    host.start(edgeOf("end"), 43, null);
    for (const each of after.slice(4)) host.take(each, false);
    return { events: host.events, own: host.own, lost: gone };
  });
}

class Host {
  readonly events: HostEvent[] = [];
  readonly own: string[] = [];
  #now = T0;
  #recordedAt = T0;
  #sequence = 0;
  #unique = 0;
  #living: Living[] = [];

  constructor(private readonly sensor: "sysmon" | "security") {}

  take({ what, which, after, lag }: Step, acts: boolean): void {
    this.#now += after;
    if (what === "act starts" || what === "other starts") {
      const isAct = what === "act starts";
      const free = [1, 2].filter((pid) => this.#living.every((one) => one.pid !== pid));
      const pid = free[which % Math.max(free.length, 1)];
      if (pid === undefined || (isAct && !acts)) return;
      const process = { pid, unique: (this.#unique += 1), isAct };
      this.#living.push(process);
      this.start(started("powershell.exe -File a.ps1", isAct ? {} : { session: "8" }), pid, process, lag);
      return;
    }
    const process = this.#living[which % Math.max(this.#living.length, 1)];
    if (process === undefined) return;
    if (what === "ends") this.#living = this.#living.filter((one) => one !== process);
    else if (what === "runs a block")
      this.#do(process, activity("ps_script", { pid: process.pid, time: this.#now }));
    else this.#do(process, this.#loaded(process, lag));
  }

  endAct(): void {
    this.#living = this.#living.filter(({ isAct }) => !isAct);
  }

  start(event: HostEvent, pid: number, process: Living | null, lag = 0): void {
    const unique = process?.unique ?? 1000 + pid;
    const fields = { ...event.fields, ...this.#told(unique) };
    const recorded = { ...event, ...this.#recorded(lag), pid, ppid: null, sensor: this.sensor, fields };
    this.events.push(recorded);
    if (process?.isAct === true) this.own.push(recorded.id);
  }

  #do(process: Living, event: HostEvent): void {
    this.events.push(event);
    if (process.isAct) this.own.push(event.id);
  }

  #loaded({ pid, unique }: Living, lag: number): HostEvent {
    const own = this.sensor === "sysmon" ? this.#recorded(lag) : { time: this.#now + lag };
    const fields = { UtcTime: utc(this.#now), ProcessGuid: guidOf(unique) };
    return activity("image_load", { pid, fields, ...own });
  }

  #told(unique: number): Record<string, string> {
    return this.sensor === "security" ? {} : { UtcTime: utc(this.#now), ProcessGuid: guidOf(unique) };
  }

  /** Records are written one after the other. */
  #recorded(lag: number): { time: number; sequence: number } {
    this.#sequence += 1;
    const at = this.#now + (this.sensor === "security" ? 0 : lag);
    this.#recordedAt = Math.max(this.#recordedAt, at);
    return { time: this.#recordedAt, sequence: this.#sequence };
  }
}

function utc(time: number): string {
  return new Date(time).toISOString().replace("T", " ").replace("Z", "");
}
