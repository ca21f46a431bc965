import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { Diagnostic } from "../errors.js";
import { messageOf } from "../errors.js";

/** Bytes; a larger file is refused without being read. */
export const maximumFileBytes = 256 * 1024;

export type ReadResult =
  | { readonly text: string; readonly bytes: Uint8Array; readonly diagnostic: null }
  | { readonly text: null; readonly diagnostic: Diagnostic };

/** Reads a small UTF-8 text file. Never throws: what is wrong with the file is the diagnostic. */
export async function readText(file: string): Promise<ReadResult> {
  let bytes: Uint8Array;
  try {
    // Asked before opening: opening a pipe would wait for its writer.
    if (!(await stat(file)).isFile())
      return refused(file, "file-unreadable", `${file} is not a regular file`);
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = await handle.stat();
      if (size > maximumFileBytes) return tooLarge(file, `${size} bytes`);
      // One byte more than allowed: a file that grows while it is read is refused too.
      const buffer = new Uint8Array(maximumFileBytes + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      if (length > maximumFileBytes) return tooLarge(file, `more than ${maximumFileBytes} bytes`);
      bytes = buffer.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    const missing = thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
    const message = missing ? `${file} does not exist` : `${file} cannot be read: ${messageOf(thrown)}`;
    return refused(file, "file-unreadable", message, "check the path and its permissions");
  }
  return decode(file, bytes);
}

function decode(file: string, bytes: Uint8Array): ReadResult {
  const zero = bytes.indexOf(0);
  if (zero !== -1) return notText(file, bytes, zero, "it contains a NUL byte");
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), bytes, diagnostic: null };
  } catch {
    return notText(file, bytes, firstInvalid(bytes), "it is not UTF-8");
  }
}

/** The number of leading bytes that are valid UTF-8 (an unfinished character counts as valid). */
function firstInvalid(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      valid = middle;
    } catch {
      invalid = middle;
    }
  }
  return Math.min(valid, bytes.length);
}

function notText(file: string, bytes: Uint8Array, offset: number, reason: string): ReadResult {
  const before = new TextDecoder().decode(bytes.subarray(0, offset), { stream: true }).split("\n");
  return {
    text: null,
    diagnostic: {
      file,
      line: before.length,
      column: (before.at(-1) ?? "").length + 1,
      severity: "error",
      code: "file-not-text",
      message: `the file is not text: ${reason}`,
      hint: "save it as UTF-8",
    },
  };
}

function tooLarge(file: string, found: string): ReadResult {
  return refused(
    file,
    "file-too-large",
    `the file is too large: expected at most ${maximumFileBytes} bytes, found ${found}`,
    "split it into playbooks of one technique each, if it is a playbook",
  );
}

function refused(file: string, code: string, message: string, hint = ""): ReadResult {
  return { text: null, diagnostic: { file, line: 1, column: 1, severity: "error", code, message, hint } };
}
