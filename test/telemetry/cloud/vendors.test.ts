import { describe, expect, test } from "vitest";
import { azureActivity, cloudTrail, googleAudit, okta, readApiLog } from "./reading.js";

/** Records that are constructed from the vendors' documentation, not recorded. */

describe("CloudTrail", () => {
  test("a record is a call of its access key", () => {
    const own = ["AKIAIOSFODNN7EXAMPLE"];
    const { events } = readApiLog("cloudtrail", [cloudTrail("sts.amazonaws.com", "GetCallerIdentity")], own);
    expect(events).toMatchObject([
      {
        logsource: { product: "aws", service: "cloudtrail" },
        time: Date.UTC(2026, 10, 24, 20, 46, 51),
        // Files are delivered in no order: the time is all there is.
        sequence: Date.UTC(2026, 10, 24, 20, 46, 51),
        session: "principal AKIAIOSFODNN7EXAMPLE",
        fields: {
          eventName: "GetCallerIdentity",
          "userIdentity.type": "IAMUser",
          UserAgent: expect.stringContaining("aws-cli/"),
          SourceIp: "192.0.2.7",
          readOnly: "true",
        },
      },
    ]);
  });

  test("a delivered file is one document of many", () => {
    const records = ["CreateUser", "ListUsers"].map(
      (name, index) =>
        JSON.parse(cloudTrail("iam.amazonaws.com", name, { eventID: String(index) })) as unknown,
    );
    const { events } = readApiLog("cloudtrail", [JSON.stringify({ Records: records })]);
    expect(events.map(({ fields, session }) => [fields["eventName"], session])).toEqual([
      ["CreateUser", null],
      ["ListUsers", null],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  });

  test("without an access key the caller is the ARN", () => {
    const arn = "arn:aws:sts::123456789012:assumed-role/lab/x";
    const line = cloudTrail("iam.amazonaws.com", "ListUsers", { userIdentity: { type: "AssumedRole", arn } });
    expect(readApiLog("cloudtrail", [line], [arn]).events[0]?.session).toBe(`principal ${arn}`);
  });
});

describe("the Azure Activity Log", () => {
  const operation = "Microsoft.Authorization/roleAssignments/write";

  test("as it is exported", () => {
    const { events } = readApiLog("azure-activity", [azureActivity(operation)], ["lab@example.org"]);
    expect(events).toMatchObject([
      {
        logsource: { product: "azure", service: "activitylogs" },
        session: "principal lab@example.org",
        fields: { operationName: operation.toUpperCase(), status: "Success", SourceIp: "192.0.2.7" },
      },
    ]);
  });

  test("as the REST API gives it", () => {
    const event = {
      eventTimestamp: "2026-11-24T20:46:51.1234567Z",
      eventDataId: "33333333-0000-0000-0000-000000000001",
      operationName: { value: operation, localizedValue: "Create role assignment" },
      status: { value: "Succeeded", localizedValue: "Succeeded" },
      caller: "lab@example.org",
      httpRequest: { clientIpAddress: "192.0.2.7", method: "PUT" },
    };
    const { events } = readApiLog("azure-activity", [JSON.stringify(event)]);
    expect(events.map(({ fields }) => fields)).toMatchObject([
      {
        operationName: operation.toUpperCase(),
        status: "Succeeded",
        User: "lab@example.org",
        SourceIp: "192.0.2.7",
      },
    ]);
  });
});

describe("Google Cloud's audit logs", () => {
  test("an entry is a call, by the names of Sigma's taxonomy as well", () => {
    const line = googleAudit("cloudresourcemanager.googleapis.com", "SetIamPolicy");
    expect(readApiLog("google-audit", [line], ["lab@example.org"]).events).toMatchObject([
      {
        logsource: { product: "gcp", service: "gcp.audit" },
        session: "principal lab@example.org",
        fields: {
          "gcp.audit.method_name": "SetIamPolicy",
          "gcp.audit.service_name": "cloudresourcemanager.googleapis.com",
          "protoPayload.resourceName": "projects/lab",
          UserAgent: "google-cloud-sdk gcloud/450.0.0 command/gcloud.projects.list",
        },
      },
    ]);
  });

  test("entries of other logs are none", () => {
    const { counts } = readApiLog("google-audit", [JSON.stringify({ logName: "x", textPayload: "hello" })]);
    expect(counts).toMatchObject({ events: 0, ignored: 1, malformed: 0 });
  });
});

describe("Okta's System Log", () => {
  test("an event is its actor's, by an id that is nobody else's, with the log's own names and Sigma's older ones", () => {
    const line = okta("app.oauth2.token.grant.access_token", "curl/8.5.0");
    expect(readApiLog("okta", [line], ["00uttidj01jqL21aM1d6"]).events).toMatchObject([
      {
        logsource: { product: "okta", service: "okta" },
        time: Date.UTC(2026, 10, 24, 20, 46, 51, 123),
        session: "principal 00uttidj01jqL21aM1d6",
        fields: {
          eventType: "app.oauth2.token.grant.access_token",
          eventtype: "app.oauth2.token.grant.access_token",
          "outcome.result": "SUCCESS",
          "actor.alternateId": "lab@example.org",
          UserAgent: "curl/8.5.0",
          SourceIp: "192.0.2.7",
        },
      },
    ]);
    expect(readApiLog("okta", [line], ["lab@example.org"]).events[0]?.session).toBeNull();
  });
});

test.each(["cloudtrail", "azure-activity", "google-audit", "okta"] as const)(
  "what is no record of %s is counted, and never throws",
  (format) => {
    const lines = [
      "",
      "x",
      "[]",
      "null",
      "{}",
      '{"Records":[1]}',
      '{"records":[{}]}',
      '{"eventTime":"yesterday"}',
    ];
    const { events, counts } = readApiLog(format, lines);
    expect(events).toEqual([]);
    expect(counts.malformed + counts.ignored).toBe(lines.length);
    expect(counts.malformed).toBeGreaterThanOrEqual(6);
  },
);
