import type { FaultName } from "./faults.js";
import type { Action } from "./namespaces.js";

/** What a stand-in is told to do wrong, as data: to which requests, and what. */
export type Misbehaviour = {
  /** Which of the requests that match, from 1. Absent: all of them. */
  readonly nth?: number;
} & (
  | {
      /** An operation, or every one. */
      readonly on: Action | "operation";
      readonly effect: Effect;
    }
  | {
      /** Every HTTP request, before it is authenticated. */
      readonly on: "request";
      readonly effect: Instead;
    }
);

export type Effect =
  | Instead
  | { readonly type: "fault"; readonly fault: FaultName }
  /** The answer is sent, but changed. */
  | { readonly type: "after"; readonly change: Change }
  /** The request is acted upon, and the connection then reset without an answer: what was taken out for it is lost. */
  | { readonly type: "drop-after" };

/** Instead of acting on the request, as a fault is. */
export type Instead =
  /** The connection is reset, and nothing done. */
  | { readonly type: "drop-before" }
  /** The connection stays open and nothing comes. */
  | { readonly type: "silence" }
  /** A proxy's page. */
  | { readonly type: "html"; readonly status: number }
  /** A status of HTTP without a body, as Windows answers what is too large or not encrypted. */
  | { readonly type: "status"; readonly status: number }
  /** The connection's authentication is forgotten and 401 answered. */
  | { readonly type: "unauthorized" };

export type Change =
  /** Milliseconds before the answer. */
  | { readonly type: "delay"; readonly ms: number }
  /** The answer comes in pieces of so many bytes. */
  | { readonly type: "trickle"; readonly bytes: number }
  /** The connection is reset after half of the answer. */
  | { readonly type: "reset-half-way" }
  /** The XML ends half-way, and the HTTP message is whole. */
  | { readonly type: "truncate" }
  | { readonly type: "relates-to"; readonly messageId: string | undefined }
  | { readonly type: "content-type"; readonly value: string }
  /** The envelope is filled up to so many bytes. */
  | { readonly type: "oversize"; readonly bytes: number }
  /** One bit of a sealed answer is changed. */
  | { readonly type: "tamper" }
  /** The answer to a sealed request is sent as it is. */
  | { readonly type: "unsealed" };

/** Decides which misbehaviour a request meets; the first that matches counts. */
export class Misbehaviours {
  readonly #seen = new Map<Misbehaviour, number>();

  constructor(readonly list: readonly Misbehaviour[]) {}

  /** Counts a request. */
  meets(stage: "request" | Action): Effect | undefined {
    const matching = this.list.filter(
      ({ on }) => on === stage || (on === "operation" && stage !== "request"),
    );
    for (const one of matching) this.#seen.set(one, (this.#seen.get(one) ?? 0) + 1);
    return matching.find((one) => one.nth === undefined || one.nth === this.#seen.get(one))?.effect;
  }
}
