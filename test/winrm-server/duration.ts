import { FaultError } from "./faults.js";

/** An xs:duration without years and months, in milliseconds. */
export function durationMs(text: string, name: string): number {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (found === null || !/\d/.test(text)) throw new FaultError("InvalidHeader", `${name} is no duration`);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
}
