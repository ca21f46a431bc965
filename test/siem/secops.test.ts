import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openConnector } from "../../src/siem/connect.js";
import { INSTANCE } from "../siem-servers/secops.js";
import { KEY_FILE, openSecOpsBench, type SecOpsBench, settingsOf } from "./connector/benches.js";

/** What is Google SecOps' own, beside the contract. */

let bench: SecOpsBench;
let t0: number;
beforeEach(async () => {
  bench = await openSecOpsBench();
  t0 = Date.now() - 60_000;
});
afterEach(() => bench.close());

const echo = { host: "web-1", session: 7, argv: ["bash", "-c", "echo"] };
const ask = () => bench.siem.events([{ host: "web-1", from: t0, to: t0 + 1_000 }]);
const alertsOf = () =>
  bench.siem.alerts({ rules: [bench.analytic], hosts: [], from: t0, to: Date.now() + 60_000 });
const raise = () =>
  bench.world.raise("rule-echo", t0 + 5_000, ...bench.world.ship({ ...echo, time: t0, serial: 1 }));

describe("events", () => {
  test("more than an answer holds at one time are told: no half of that is smaller", async () => {
    const starts = Array.from({ length: 5_001 }, (_, index) => ({ ...echo, time: t0, serial: index + 1 }));
    bench.world.ship(...starts);
    const { state, detail } = await ask();
    expect(state).toBe("partial");
    expect(detail).toContain("more than 5000 events have the time");
  });

  test("of which the parser kept no record are told", async () => {
    bench.world.ship({ ...echo, time: t0, serial: 1 });
    bench.standIn.keepsRecord = false;
    expect(await ask()).toMatchObject({
      state: "partial",
      detail: "1 of its documents: no laurel record",
      value: [],
    });
  });
});

describe("a detection", () => {
  test("of a rule over one event stands for that", async () => {
    raise();
    const { value: events } = await ask();
    expect((await alertsOf()).value).toEqual([
      expect.objectContaining({
        tier: "alert",
        host: "web-1",
        sourceEvents: [events[0]?.id],
        sourcesWhole: true,
      }),
    ]);
  });

  test("of a rule over several has samples", async () => {
    raise();
    bench.standIn.ruleOver = { ruleType: "MULTI_EVENT" };
    expect((await alertsOf()).value[0]).toMatchObject({ sourcesWhole: false });
  });

  test("names no events where the parser kept no record", async () => {
    raise();
    bench.standIn.keepsRecord = false;
    expect((await alertsOf()).value[0]).toMatchObject({ sourceEvents: null, sourcesWhole: false });
  });

  test.each([
    ["that does not alert is a signal", { alertState: "NOT_ALERTING" }, {}, "signal"],
    ["that a case holds is an incident", {}, { caseName: "cases/1" }, "incident"],
  ])("%s", async (_, rule, detection, tier) => {
    raise();
    bench.standIn.ruleOver = rule;
    bench.standIn.detectionOver = detection;
    expect((await alertsOf()).value[0]?.tier).toBe(tier);
  });

  test("of a search through the past is none of the deployed rule's", async () => {
    raise();
    bench.standIn.detectionOver = { detectionTimingDetails: ["DETECTION_TIMING_DETAILS_RETROHUNT"] };
    expect(await alertsOf()).toMatchObject({ state: "complete", value: [] });
  });

  test("is found on any page, and a page that was cut is told", async () => {
    raise();
    bench.world.raise("rule-echo", t0 + 6_000, ...bench.world.documents);
    bench.world.raise("rule-echo", t0 + 7_000, ...bench.world.documents);
    bench.standIn.pageSize = 1;
    expect((await alertsOf()).value).toHaveLength(3);
    bench.standIn.truncated = true;
    expect((await alertsOf()).detail).toContain("some were left out");
  });
});

describe("a rule", () => {
  const statusOf = async () => {
    const { value, ...answer } = await bench.siem.ruleStatuses([bench.analytic], t0);
    return { ...answer, status: value[0] };
  };

  test.each([
    ["that runs by the hour", { runFrequency: "HOURLY" }, "does not tell when it ran"],
    ["that runs now and then", { executionState: "LIMITED" }, "only now and then"],
  ])("%s is told", async (_, over, detail) => {
    bench.standIn.deploymentOver = over;
    const answer = await statusOf();
    expect(answer.state).toBe("partial");
    expect(answer.detail).toContain(detail);
  });

  test.each([
    ["archived", { archived: true }],
    ["paused", { executionState: "PAUSED" }],
  ])("that is %s does not run", async (_, over) => {
    bench.standIn.deploymentOver = over;
    expect((await statusOf()).status).toMatchObject({ present: true, enabled: false });
  });

  test("that is live is waited for five minutes", async () => {
    expect(await bench.connector.slowestAlertMs?.(AbortSignal.timeout(1_000))).toBe(300_000);
  });
});

describe("the service account", () => {
  test("gets a token once for many questions, by a signed assertion", async () => {
    await ask();
    await bench.siem.clock();
    expect(bench.login.seen).toHaveLength(1);
    expect(bench.login.refused).toEqual([]);
  });

  test("whose key was disabled is told in Google's words", async () => {
    bench.standIn.expireToken();
    await expect(ask()).rejects.toMatchObject({
      code: "siem-auth-failed",
      message: expect.stringContaining(
        "lab-siem: the token: invalid_grant: Invalid JWT Signature.",
      ) as string,
    });
  });

  test.each([
    ["no JSON", "not-a-key", "is no key of a service account"],
    [
      "a key that is none",
      JSON.stringify({ client_email: "a@b", private_key_id: "1", private_key: "none-at-all" }),
      "private key cannot be read",
    ],
  ])("whose file holds %s is told, without its text", async (_, file, message) => {
    process.env[KEY_FILE] = file;
    const failure = ask();
    await expect(failure).rejects.toMatchObject({ code: "siem-auth-failed" });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.not.toThrow(/not-a-key|none-at-all/);
  });
});

test("a curated rule of Google's is no rule to bind", () => {
  const settings = {
    kind: "google-secops",
    url: "https://chronicle.eu.rep.googleapis.com",
    instance: INSTANCE,
  };
  const auth = { type: "service-account", key: "env:NONE" };
  const telemetry = { logType: "AUDIT_LAUREL", format: "laurel" };
  const parsed = settingsOf({ ...settings, auth, telemetry, rules: { a: "ur_0c1d" } });
  return expect(openConnector("lab-siem", parsed)).rejects.toMatchObject({ code: "bindings-invalid" });
});
