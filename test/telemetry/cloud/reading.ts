import type { HostEvent } from "../../../src/model/event.js";
import { type ApiLogFormat, inventorySchema } from "../../../src/model/inventory.js";
import { ApiLogParser } from "../../../src/telemetry/cloud/parser.js";
import type { SensorCounts } from "../../../src/telemetry/sensor.js";

/** What an API's log says, read as the embedded SIEM reads it. */
export function readApiLog(
  format: ApiLogFormat,
  lines: readonly string[],
  ownPrincipals: readonly string[] = [],
): { readonly events: HostEvent[]; readonly counts: SensorCounts } {
  const { telemetry } = inventorySchema.parse({
    name: "lab",
    token: { value: "env:TOKEN" },
    targets: [{ name: "c1", platform: "cloud", transport: { type: "local" }, sensor: { type: "none" } }],
    telemetry: [{ type: "api-log", file: "/var/log/api.log", host: "c1", format, ownPrincipals }],
  });
  const [source] = telemetry;
  if (source?.type !== "api-log") throw new Error("no log of an API");
  const parser = new ApiLogParser(source);
  const events = lines.flatMap((line, index) => parser.push(line, index + 1, 0));
  return { events, counts: parser.counts() };
}

export const TYRIAN = "bafa9cab3be144d3a55dcd4450725fb1";
const REQUEST = "req-a66db33f-16c1-409e-8180-b3c4ba4fcc0e";

/** A line of Keystone's log (22.0.2, oslo.log's default format); `user` is that of the request's context. */
export function keystoneLine(logger: string, message: string, user = TYRIAN): string {
  const context =
    user === "-" ? "- - - - - -" : `${user} 9772d0b68514497387526bbe100b6ddd - - default default`;
  return `2026-11-24 20:46:51.391 28913 INFO ${logger} [None ${REQUEST} ${context}] ${message}`;
}

/** The two lines of a request. */
export function keystoneRequest(method: string, path: string, user = TYRIAN): string[] {
  const logger = "keystone.server.flask.request_processing.req_logging";
  return [
    keystoneLine(logger, `REQUEST_METHOD: \`${method}\` log_request_info req_logging.py:27`, user),
    keystoneLine(logger, `PATH_INFO: \`${path}\` log_request_info req_logging.py:29`, user),
  ];
}

/** A notification in the format CADF, as Keystone 22 writes it. */
export function keystoneNotification(action: string, agent: string | null, over: object = {}): string {
  const initiator = {
    id: TYRIAN,
    typeURI: "service/security/account/user",
    host: { address: "127.0.0.1", agent },
    user_id: TYRIAN,
    username: "tyrian",
    request_id: REQUEST,
  };
  const event_type = `identity.${action.split(".").reverse().join(".")}`;
  return keystoneLine(
    `oslo.messaging.notification.${event_type}`,
    JSON.stringify({
      message_id: "012780d1-1afb-47d8-8bd6-9c0d90241a78",
      event_type,
      payload: {
        typeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event",
        eventTime: "2026-11-24T20:46:51.391534+0000",
        action,
        outcome: "success",
        ...(agent === null ? {} : { initiator }),
        target: { id: "5f1c3ff2f4b74cbd82385a91b5046a07", typeURI: "data/security/project" },
        ...over,
      },
    }),
    action === "authenticate" ? "-" : TYRIAN,
  );
}

/** A record of CloudTrail with the fields of AWS's page "CloudTrail record contents". */
export function cloudTrail(eventSource: string, eventName: string, over: object = {}): string {
  return JSON.stringify({
    eventVersion: "1.08",
    userIdentity: {
      type: "IAMUser",
      principalId: "AIDAEXAMPLE",
      arn: "arn:aws:iam::123456789012:user/lab",
      accountId: "123456789012",
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      userName: "lab",
    },
    eventTime: "2026-11-24T20:46:51Z",
    eventSource,
    eventName,
    awsRegion: "us-east-1",
    sourceIPAddress: "192.0.2.7",
    userAgent: "aws-cli/2.9.19 Python/3.11.2 Linux/6.18 source/x86_64.debian.12 prompt/off command/sts",
    requestParameters: null,
    responseElements: null,
    requestID: "01234567-89ab-cdef-0123-456789abcdef",
    eventID: "11111111-89ab-cdef-0123-456789abcdef",
    readOnly: true,
    eventType: "AwsApiCall",
    ...over,
  });
}

/** An event of the Azure Activity Log as diagnostic settings export it. */
export function azureActivity(operationName: string): string {
  return JSON.stringify({
    time: "2026-11-24T20:46:51.1234567Z",
    resourceId: "/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000001/RESOURCEGROUPS/LAB",
    operationName,
    category: "Administrative",
    resultType: "Success",
    callerIpAddress: "192.0.2.7",
    correlationId: "22222222-0000-0000-0000-000000000001",
    identity: { claims: { "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "lab@example.org" } },
  });
}

/** An entry of a Google Cloud audit log. */
export function googleAudit(serviceName: string, methodName: string): string {
  return JSON.stringify({
    protoPayload: {
      "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
      authenticationInfo: { principalEmail: "lab@example.org" },
      requestMetadata: {
        callerIp: "192.0.2.7",
        callerSuppliedUserAgent: "google-cloud-sdk gcloud/450.0.0 command/gcloud.projects.list,gzip(gfe)",
      },
      serviceName,
      methodName,
      resourceName: "projects/lab",
    },
    insertId: "1a2b3c",
    timestamp: "2026-11-24T20:46:51.123456Z",
    logName: "projects/lab/logs/cloudaudit.googleapis.com%2Factivity",
  });
}

/** An event of Okta's System Log, with the fields of its page "System Log API". */
export function okta(eventType: string, rawUserAgent: string, result = "SUCCESS"): string {
  return JSON.stringify({
    uuid: "dc9fd3c0-598c-11ef-8478-2b7584bf8d5a",
    published: "2026-11-24T20:46:51.123Z",
    eventType,
    version: "0",
    severity: "INFO",
    displayMessage: "OAuth2 access token is granted",
    actor: { id: "00uttidj01jqL21aM1d6", type: "User", alternateId: "lab@example.org", displayName: "Lab" },
    client: {
      userAgent: { rawUserAgent, os: "Unknown", browser: "UNKNOWN" },
      zone: "null",
      device: "Unknown",
      ipAddress: "192.0.2.7",
      geographicalContext: null,
    },
    outcome: { result, reason: null },
    target: [{ id: "0oa1", type: "PublicClientApp", alternateId: "cloud", displayName: "cloud" }],
    debugContext: { debugData: { requestUri: "/oauth2/v1/token" } },
  });
}
