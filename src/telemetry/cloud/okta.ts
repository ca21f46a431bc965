import { type ApiLine, below, flat, jsonObject, known, textOf, timeOf } from "./api-call.js";

/**
 * Events of Okta's System Log (Okta, "System Log API", LogEvent), one a line. Beside the event's own names stand those of Sigma's older
 * rules (`eventtype`, `displaymessage`). It has what changes something and what logs in, and no reading calls.
 */
export function readOktaSystemLog(line: string): ApiLine {
  const event = jsonObject(line);
  if (event === null) return null;
  const time = timeOf(event["published"]);
  const type = textOf(event["eventType"]);
  if (time === null || type === undefined) return null;
  const client = below(event, "client");
  const id = textOf(event["uuid"]);
  return [
    {
      time,
      ...(id === undefined ? {} : { id }),
      // An address can be given to another user later.
      principal: textOf(below(event, "actor")["id"]) ?? null,
      fields: {
        ...flat(event),
        ...known({
          eventtype: type,
          displaymessage: textOf(event["displayMessage"]),
          User: textOf(below(event, "actor")["alternateId"]),
          UserAgent: textOf(below(client, "userAgent")["rawUserAgent"]),
          SourceIp: textOf(client["ipAddress"]),
        }),
      },
    },
  ];
}
