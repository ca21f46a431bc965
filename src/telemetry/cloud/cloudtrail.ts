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

/**
 * Records of AWS CloudTrail (AWS CloudTrail User Guide, "CloudTrail record contents"), one a line, or the document `Records` of a
 * delivered file on one line. The caller is the access key that signed the call; for one that has none (the console, another
 * service) the ARN.
 */
export function readCloudTrail(line: string): ApiLine {
  const document = jsonObject(line);
  if (document === null) return null;
  const records = Array.isArray(document["Records"]) ? document["Records"] : [document];
  const calls = records.map((record: unknown) => (isObject(record) ? callOf(record) : null));
  return calls.some((call) => call === null) ? null : calls.filter((call) => call !== null);
}

function callOf(record: Json): ApiCall | null {
  const time = timeOf(record["eventTime"]);
  if (time === null || textOf(record["eventName"]) === undefined) return null;
  const identity = below(record, "userIdentity");
  const id = textOf(record["eventID"]);
  return {
    time,
    ...(id === undefined ? {} : { id }),
    principal: textOf(identity["accessKeyId"]) ?? textOf(identity["arn"]) ?? null,
    fields: {
      ...flat(record),
      ...known({
        User: textOf(identity["userName"]),
        UserAgent: textOf(record["userAgent"]),
        SourceIp: textOf(record["sourceIPAddress"]),
        RequestId: textOf(record["requestID"]),
      }),
    },
  };
}
