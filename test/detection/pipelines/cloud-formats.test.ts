import { describe, expect, test } from "vitest";
import { compiledFor, eventOf, refusedFor } from "./shipped.js";

const record = {
  eventVersion: "1.08",
  eventSource: "ssm.amazonaws.com",
  eventName: "SendCommand",
  awsRegion: "eu-central-1",
  sourceIPAddress: "192.0.2.10",
  userAgent: "aws-cli/2.9.19",
  userIdentity: { type: "IAMUser", userName: "alice", arn: "arn:aws:iam::111122223333:user/alice" },
  requestParameters: { documentName: "AWS-RunShellScript", instanceIds: ["i-1", "i-2"] },
};
const cloudtrail = "product: aws, service: cloudtrail";
const lines =
  "eventSource: ssm.amazonaws.com\neventName: SendCommand\nuserIdentity.type: IAMUser\nrequestParameters.instanceIds: i-2";

describe("aws-cloudtrail", () => {
  test("a rule reads a record by CloudTrail's own names, nested ones with dots", () => {
    const rule = compiledFor("aws-cloudtrail", cloudtrail, lines);
    expect(rule.matches(eventOf("aws-cloudtrail", record))).toBe(true);
    expect(rule.matches(eventOf("aws-cloudtrail", { ...record, eventName: "ListCommands" }))).toBe(false);
  });

  test("other log sources are refused", () => {
    expect(refusedFor("aws-cloudtrail", "product: azure, service: activitylogs", "A: 1")).toMatchObject({
      code: "pipeline-refused",
      line: 1,
    });
  });
});

describe("aws-cloudtrail-eventbridge", () => {
  const id = "aws-cloudtrail-eventbridge";
  const delivered = {
    version: "0",
    "detail-type": "AWS API Call via CloudTrail",
    source: "aws.ssm",
    detail: record,
  };

  test("the record stands under detail", () => {
    const rule = compiledFor(id, cloudtrail, lines);
    expect(rule.matches(eventOf(id, delivered))).toBe(true);
    expect(rule.matches(eventOf(id, { ...delivered, detail: { ...record, eventName: "x" } }))).toBe(false);
    expect(rule.matches(eventOf(id, record))).toBe(false);
  });

  test("other log sources are refused", () => {
    expect(refusedFor(id, "product: gcp, service: gcp.audit", "A: 1").code).toBe("pipeline-refused");
  });
});

describe("openstack-cadf", () => {
  const notification = {
    message_id: "6d3a1e54",
    publisher_id: "identity.keystone1",
    event_type: "identity.authenticate",
    priority: "INFO",
    timestamp: "2026-11-24 03:50:56.000000",
    payload: {
      typeURI: "http://schemas.dmtf.org/cloud/audit/1.0/event",
      eventType: "activity",
      action: "authenticate",
      outcome: "failure",
      initiator: {
        id: "ab12",
        typeURI: "service/security/account/user",
        username: "alice",
        host: { address: "192.0.2.10", agent: "python-keystoneclient" },
      },
      target: { id: "cd34", typeURI: "service/security/account/user" },
      observer: { id: "ef56", typeURI: "service/security" },
      reason: { reasonType: "Unauthorized", reasonCode: "401" },
    },
  };
  const matches = (rule: string, fields: Record<string, unknown> = notification): boolean =>
    compiledFor("openstack-cadf", "product: openstack, service: keystone", rule).matches(
      eventOf("openstack-cadf", fields),
    );

  test("CADF's names stand under payload, those of the envelope beside it", () => {
    expect(
      matches(
        "event_type: identity.authenticate\naction: authenticate\noutcome: failure\nreason.reasonCode: 401",
      ),
    ).toBe(true);
    expect(matches("action: authenticate\noutcome: success")).toBe(false);
    expect(matches("action: authenticate", { ...notification, payload: {} })).toBe(false);
  });

  test("four names of CloudTrail are read as CADF's", () => {
    expect(
      matches(
        "eventName: authenticate\nsourceIPAddress|cidr: 192.0.2.0/24\nuserAgent|contains: keystone\nuserIdentity.userName: alice",
      ),
    ).toBe(true);
    expect(matches("sourceIPAddress: 192.0.2.11")).toBe(false);
  });

  test("rules for other clouds, and those that name no service, are refused", () => {
    expect(refusedFor("openstack-cadf", "product: openstack", "A: 1").code).toBe("pipeline-refused");
    expect(refusedFor("openstack-cadf", cloudtrail, lines)).toMatchObject({
      code: "pipeline-refused",
      line: 1,
    });
  });
});
