import type { AnswerState } from "../../model/observation.js";
import type { Answer } from "../siem.js";

/** How whole an answer is, and why it is not. */
export interface State {
  readonly state: AnswerState;
  readonly detail: string;
}

export const WHOLE: State = { state: "complete", detail: "" };

export function answer<T>({ state, detail }: State, value: T): Answer<T> {
  return { state, detail, value };
}

/** The state that is worse, with both reasons. */
export function worse(known: State, state: AnswerState, detail: string): State {
  if (known.state === "complete") return { state, detail };
  return { state: known.state, detail: `${known.detail}; ${detail}` };
}

/** Whether a promise that never rejects settled within a time. */
export async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
