import { expect, test } from "vitest";
import { sentinelOf } from "../../../src/model/event.js";
import { keystoneLine, keystoneNotification, keystoneRequest, readApiLog, TYRIAN } from "./reading.js";

/** Keystone's log, in the form that Keystone 22.0.2 of Debian 12 was seen to write. */

const read = (lines: readonly string[]): ReturnType<typeof readApiLog> =>
  readApiLog("keystone", lines, [TYRIAN]);

test("a notification says what was done, by whom, from where and with what", () => {
  const { events } = read([keystoneNotification("created.project", "python-keystoneclient")]);
  expect(events).toMatchObject([
    {
      host: "c1",
      sensor: "api-log",
      kind: "api",
      logsource: { product: "openstack", service: "keystone" },
      time: Date.UTC(2026, 10, 24, 20, 46, 51, 391),
      sequence: 1,
      session: `principal ${TYRIAN}`,
      fields: {
        action: "created.project",
        event_type: "identity.project.created",
        outcome: "success",
        "target.id": "5f1c3ff2f4b74cbd82385a91b5046a07",
        User: "tyrian",
        UserAgent: "python-keystoneclient",
        SourceIp: "127.0.0.1",
      },
    },
  ]);
});

test("a deleted user's notification names nobody: the caller is that of the request", () => {
  const { events } = read([keystoneNotification("deleted.user", null)]);
  expect(events.map(({ session, fields }) => [session, fields["UserId"], fields["User"]])).toEqual([
    [`principal ${TYRIAN}`, TYRIAN, undefined],
  ]);
});

test("a request is one event, in two lines of the log, and nobody's before it is authenticated", () => {
  const { events, counts } = read([
    ...keystoneRequest("GET", "/v3/users"),
    ...keystoneRequest("POST", "/v3/auth/tokens", "-"),
    ...keystoneRequest("GET", "/v3/roles", "0123456789abcdef0123456789abcdef"),
  ]);
  expect(events.map(({ session, fields }) => [fields["Method"], fields["Path"], session])).toEqual([
    ["GET", "/v3/users", `principal ${TYRIAN}`],
    ["POST", "/v3/auth/tokens", null],
    ["GET", "/v3/roles", null],
  ]);
  expect(counts).toMatchObject({ lines: 6, events: 3, ignored: 3, malformed: 0 });
});

test("a sentinel is a login whose user agent is its word", () => {
  const { events } = read([
    keystoneNotification("authenticate", "tyrian-sentinel.begin.run-0001"),
    keystoneNotification("authenticate", "curl/7.88.1 tyrian-sentinel.begin.run-0001"),
    keystoneNotification("authenticate", "curl/7.88.1"),
  ]);
  expect(events.map(sentinelOf)).toEqual([{ edge: "begin", trial: "run-0001" }, null, null]);
  expect(events.map(({ session }) => session)).toEqual(events.map(() => `principal ${TYRIAN}`));
});

test("other messages are no calls, and what is no line of the log is counted", () => {
  const { counts } = read([
    keystoneLine("keystone.server.flask.application", "Could not find project: lab."),
    "2026-11-24 20:46:51.391 28913 ERROR keystone.server.flask.application Traceback (most recent call last):",
    "",
    keystoneLine("oslo.messaging.notification.identity.user.created", "{cut"),
    "GET /v3/users",
  ]);
  expect(counts).toMatchObject({ events: 0, ignored: 3, malformed: 2 });
});
