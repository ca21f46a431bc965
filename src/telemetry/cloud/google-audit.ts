import { type ApiLine, below, flat, jsonObject, known, textOf, timeOf } from "./api-call.js";

const AUDIT_LOG = "type.googleapis.com/google.cloud.audit.AuditLog";

/**
 * Entries of Google Cloud's audit logs (Google Cloud, "AuditLog" and "LogEntry"), one a line. Beside the entry's own names stand those
 * of Sigma's taxonomy (`gcp.audit.method_name`).
 */
export function readGoogleAudit(line: string): ApiLine {
  const entry = jsonObject(line);
  if (entry === null) return null;
  const payload = below(entry, "protoPayload");
  // Other entries of Cloud Logging are no audit.
  if (payload["@type"] !== AUDIT_LOG) return textOf(entry["logName"]) === undefined ? null : [];
  const time = timeOf(entry["timestamp"]);
  const method = textOf(payload["methodName"]);
  if (time === null || method === undefined) return null;
  const request = below(payload, "requestMetadata");
  const email = textOf(below(payload, "authenticationInfo")["principalEmail"]);
  const id = textOf(entry["insertId"]);
  return [
    {
      time,
      ...(id === undefined ? {} : { id }),
      principal: email ?? null,
      fields: {
        ...flat(payload, "protoPayload."),
        ...known({
          "gcp.audit.method_name": method,
          "gcp.audit.service_name": textOf(payload["serviceName"]),
          logName: textOf(entry["logName"]),
          User: email,
          // Google's front end writes itself behind what the caller supplied.
          UserAgent: textOf(request["callerSuppliedUserAgent"])?.replace(/,gzip\(gfe\)$/, ""),
          SourceIp: textOf(request["callerIp"]),
        }),
      },
    },
  ];
}
