import { EventDefect } from "./event-defect.js";
import { renderedData } from "./rendered-message.js";
import type { Json } from "./json.js";

/**
 * The text form of Splunk's source type WinEventLog: a line with the time, lines `Key=Value`, and at the end `Message=` with the
 * text that Windows renders for people. What that text holds is read where it can be told apart without guessing; all else
 * is refused, since rules would look for fields that are not there.
 */
const timeLine = /^\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d\d:\d\d(?:\.\d+)?(?: [AP]M)?\r?\n(?=[A-Za-z]+=)/;

/** Whether a text begins as these do. */
export function isRenderedText(text: string): boolean {
  return timeLine.test(text);
}

/** The fields of one event. It has no time: its own is in the zone of the host, which it does not tell. @throws EventDefect */
export function renderedFields(text: string): Json {
  const body = text.replace(timeLine, "").replaceAll("\r\n", "\n").trimEnd();
  const begin = /^Message=/m.exec(body);
  const header = new Map<string, string>();
  for (const each of body.slice(0, begin?.index ?? body.length).split("\n")) {
    const equals = each.indexOf("=");
    if (equals > 0) header.set(each.slice(0, equals), each.slice(equals + 1));
  }
  const channel = header.get("LogName");
  const eventId = header.get("EventCode");
  if (channel === undefined || eventId === undefined || begin === null) {
    throw new EventDefect(
      "event-not-windows",
      "the text has no LogName, EventCode or Message",
      "text of the source type WinEventLog has all of them",
    );
  }
  const message = body.slice(begin.index + "Message=".length);
  const data = renderedData(channel, eventId, message);
  if (typeof data === "string") {
    throw new EventDefect(
      "event-text-unreadable",
      `the text of event ${eventId} of ${channel} cannot be read into fields: ${data}`,
      "collect the event as XML (in Splunk: renderXml = true)",
    );
  }
  const source = header.get("SourceName");
  return Object.fromEntries(
    Object.entries({
      ...data,
      EventID: eventId,
      Channel: channel,
      Computer: header.get("ComputerName"),
      EventRecordID: header.get("RecordNumber"),
      Provider_Name: providers.get(source ?? "") ?? source,
      Security_UserID: header.get("Sid"),
      Message: message,
    }).filter(([, value]) => value !== undefined),
  );
}

/** Providers whose name for people is another. */
const providers: ReadonlyMap<string, string> = new Map([
  ["Microsoft Windows security auditing.", "Microsoft-Windows-Security-Auditing"],
]);
