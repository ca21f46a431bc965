import { randomBytes } from "node:crypto";

/** A fresh word that no procedure can know. */
export function freshNonce(): string {
  return `tyrian-${randomBytes(12).toString("hex")}`;
}
