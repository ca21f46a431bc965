import { headerOf, type SiemHttp } from "./client.js";
import type { HttpAnswer } from "./request.js";

/**
 * A server's clock by the header `Date` of an answer: whole seconds.
 * @throws TyrianError `siem-answer-invalid` when there is none
 */
export function clockOfDate(
  http: SiemHttp,
  { headers, sentAt, receivedAt }: HttpAnswer<unknown>,
): { now: number; errorMs: number } {
  const date = Date.parse(headerOf(headers, "date") ?? "");
  if (Number.isNaN(date))
    throw http.error("siem-answer-invalid", "its answers have no header Date to tell its clock by");
  const halfMs = (receivedAt - sentAt) / 2;
  // The second may have been over already, and the answer have been written at any moment of the round trip.
  return { now: date + 500 + halfMs, errorMs: 500 + halfMs };
}
