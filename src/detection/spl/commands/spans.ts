import { snap, unitOf } from "../evaluate/time.js";
import type { Span } from "../syntax/tree.js";
import type { ArgumentReader } from "./argument-reader.js";

const unitNames: Readonly<Record<string, Span["unit"]>> = {
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  mon: "month",
};
const seconds = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };

/** The width of groups, such as `5m` or `10`. Throws `SplProblem` for what is none. */
export function readSpan(reader: ArgumentReader, text: string): Span {
  const match = /^(\d{1,9}(?:\.\d+)?)([a-z]*)$/i.exec(text);
  const amount = Number(match?.[1] ?? 0);
  const written = match?.[2]?.toLowerCase() ?? "";
  const unit = written === "" ? "number" : unitNames[unitOf(written) ?? ""];
  if (match === null || unit === undefined || amount <= 0) {
    throw reader.refuse("option-invalid", `"${text}" is no span here`, "write such as 5m, 1h, 1d or 10");
  }
  const single = unit === "week" || unit === "month";
  if (single ? amount !== 1 : unit !== "number" && !Number.isInteger(amount)) {
    throw reader.refuse(
      "option-invalid",
      `where groups of ${text} start is not the same in every version`,
      "write 1w or 1mon, or a whole number of seconds, minutes, hours or days",
    );
  }
  return { amount, unit };
}

/** The start of the group that a time or number is in. The zone is in minutes east of UTC. */
export function startOfSpan(value: number, { amount, unit }: Span, zone: number): number {
  const offset = unit === "number" ? 0 : zone * 60;
  if (unit === "month") return (snap(value + offset, "mon") ?? value) - offset;
  if (unit === "week") return (snap(value + offset, "w") ?? value) - offset;
  const width = unit === "number" ? amount : amount * seconds[unit];
  return Math.floor((value + offset) / width) * width - offset;
}
