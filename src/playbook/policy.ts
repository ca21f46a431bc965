import type { Effect, Procedure } from "../model/playbook.js";

/** The effects that a procedure or its twin declares and that a lab does not allow; empty when it may run there. */
export function refusedEffects(procedure: Procedure, allowed: readonly Effect[]): Effect[] {
  const declared = new Set([...procedure.effects, ...(procedure.twin?.effects ?? [])]);
  return [...declared].filter((effect) => !allowed.includes(effect));
}
