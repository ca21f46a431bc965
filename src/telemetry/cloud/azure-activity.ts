import {
  type ApiCall,
  type ApiLine,
  below,
  flat,
  isObject,
  type Json,
  jsonObject,
  known,
  textOf,
  timeOf,
} from "./api-call.js";

const UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";

/**
 * Events of the Azure Activity Log (Microsoft Learn, "Azure Activity Log event schema"), one a line or in a document `records` on one
 * line: as the REST API gives them (`eventTimestamp`, `operationName.value`), and as diagnostic settings export them (`time`,
 * `operationName`). Reading calls are not in it. It has no user agent, so no sentinel is told in it: nothing is credited by it.
 */
export function readAzureActivity(line: string): ApiLine {
  const document = jsonObject(line);
  if (document === null) return null;
  const records = Array.isArray(document["records"]) ? document["records"] : [document];
  const calls = records.map((record: unknown) => (isObject(record) ? callOf(record) : null));
  return calls.some((call) => call === null) ? null : calls.filter((call) => call !== null);
}

function callOf(record: Json): ApiCall | null {
  const time = timeOf(record["eventTimestamp"]) ?? timeOf(record["time"]);
  const operation = valueOf(record["operationName"]);
  if (time === null || operation === undefined) return null;
  const claims = below(below(record, "identity"), "claims");
  const request = below(record, "httpRequest");
  const caller = textOf(record["caller"]) ?? textOf(claims[UPN]) ?? textOf(claims["appid"]);
  const id = textOf(record["eventDataId"]);
  return {
    time,
    ...(id === undefined ? {} : { id }),
    principal: caller ?? null,
    fields: {
      ...flat(record),
      ...known({
        // The export writes it in capitals, the API does not.
        operationName: operation.toUpperCase(),
        status: valueOf(record["status"]) ?? textOf(record["resultType"]),
        User: caller,
        SourceIp: textOf(request["clientIpAddress"]) ?? textOf(record["callerIpAddress"]),
        RequestId: textOf(record["correlationId"]),
      }),
    },
  };
}

/** A text, or the `value` of what the API gives with a translation beside it. */
function valueOf(value: unknown): string | undefined {
  return textOf(isObject(value) ? value["value"] : value);
}
