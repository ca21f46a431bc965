import { EventDefect } from "./event-defect.js";
import { exportedFields } from "./exported.js";
import { asObject, objectAt, type Json } from "./json.js";
import { isRenderedText, renderedFields } from "./rendered-text.js";
import { xmlDocument } from "./xml-document.js";

/**
 * The fields of an event whose text Splunk keeps in `_raw`: XML (source type XmlWinEventLog) or the text that Windows renders
 * (WinEventLog). Null when it is neither. @throws EventDefect
 */
export function splunkFields(raw: string): Json | null {
  const text = raw.trimStart();
  if (/^<Event[\s>]/.test(text)) {
    const event = objectAt(asObject(xmlDocument(text)) ?? {}, "Event");
    const system = event === null ? null : objectAt(event, "System");
    if (event !== null && system !== null) return exportedFields(event, system);
    throw new EventDefect(
      "event-not-windows",
      "the event has no section System",
      "events of Windows have one",
    );
  }
  return isRenderedText(text) ? renderedFields(text) : null;
}
