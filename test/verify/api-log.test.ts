import { describe, expect, test } from "vitest";
import { API_LOG_SOURCES, type HostEvent } from "../../src/model/event.js";
import { alertOf, exec, observationOf, rule, said, statusOf, trialOf, verdictOf } from "./builders.js";

/** The audit log of a cloud's API (src/telemetry/cloud) beside the client's own sensor, and what is concluded from each. */

const created = rule("created", "{ s: { action: created.user }, condition: s }", "{ product: openstack }");
const program = rule("program", "{ s: { CommandLine: openstack user create }, condition: s }");

/** A call in the API's log: in the name of Tyrian's account unless said otherwise. */
function call(fields: HostEvent["fields"], sequence: number, over: Partial<HostEvent> = {}): HostEvent {
  return exec([], {
    id: `c1/api-log/${String(sequence)}`,
    sensor: "api-log",
    kind: "api",
    logsource: API_LOG_SOURCES.keystone,
    sequence,
    session: "principal tyrian",
    pid: 0,
    ppid: 0,
    fields,
    ...over,
  });
}

const word = (edge: string, trial = "run-0001"): HostEvent["fields"] => ({
  action: "authenticate",
  UserAgent: `tyrian-sentinel.${edge}.${trial}`,
});
const begin = call(word("begin"), 10);
const end = call(word("end"), 20);
const made = call({ action: "created.user" }, 15);

const cloud = { platform: "cloud" } as const;

function judged(
  events: HostEvent[],
  {
    by = created,
    alerts = [],
    twin = false,
  }: { by?: typeof created; alerts?: HostEvent[]; twin?: boolean } = {},
): [string, string | null] {
  const observation = observationOf(
    events,
    alerts.map((event) => alertOf(by.id, [event])),
    { rules: [statusOf({ rule: by.id, evaluatedBy: "embedded" })] },
  );
  return said(verdictOf(observation, { trial: { ...cloud, twin }, rule: by, execution: { alone: true } }));
}

/** The client's own log, with nothing in it but the act. */
const programs = [
  exec(["/bin/true", "tyrian-sentinel", "begin", "run-0001"], { sequence: 1, ppid: 100, pid: 101 }),
  exec(trialOf().act.via === "argument" ? ["openstack", "user", "create"] : [], {
    sequence: 2,
    ppid: 100,
    pid: 102,
  }),
  exec(["/bin/true", "tyrian-sentinel", "end", "run-0001"], { sequence: 3, ppid: 100, pid: 103 }),
];

describe("a rule over the API's log", () => {
  test("is credited with what was called between the log's own sentinels, in Tyrian's name", () => {
    expect(judged([...programs, begin, made, end], { alerts: [made] })[0]).toBe("detected");
  });

  test("is missed where nothing that it looks for was called", () => {
    const listed = call({ Method: "GET", Path: "/v3/users" }, 15);
    expect(judged([begin, listed, end])[0]).toBe("logged");
    expect(judged([begin, listed, end], { twin: true })[0]).toBe("quiet");
  });

  test("is blind where the log has nothing of the act, which its sentinels prove", () => {
    expect(judged([begin, end])[0]).toBe("blind");
  });

  test.each<[string, HostEvent[]]>([
    ["no sentinel of that log", [made]],
    ["no end sentinel", [begin, made]],
    ["no begin sentinel", [made, end]],
    ["two pairs", [begin, call(word("begin"), 11), made, end]],
    ["an end before the begin", [call(word("end"), 5), begin, made]],
    ["another trial meanwhile", [begin, call(word("begin", "run-0002"), 12), made, end]],
    ["sentinels of nobody", [{ ...begin, session: null }, made, { ...end, session: null }]],
    ["sentinels of two callers", [begin, made, { ...end, session: "principal other" }]],
  ])("is undecided with %s, whatever fired", (_why, events) => {
    expect(judged([...programs, ...events], { alerts: [made] })[0]).toBe("undecided");
    expect(judged([...programs, ...events], { twin: true })[0]).toBe("undecided");
  });

  test("earns nothing by what others called meanwhile, and cannot call that a silence", () => {
    const others = call({ action: "created.user" }, 15, { session: null });
    expect(judged([begin, call({ Path: "/v3" }, 12), others, end])[0]).toBe("undecided");
    expect(judged([begin, call({ Path: "/v3" }, 12), others, end], { twin: true })[0]).toBe("undecided");
    expect(judged([begin, call({ Path: "/v3" }, 12), others, end], { alerts: [others] })[0]).not.toBe(
      "detected",
    );
  });

  test("earns nothing by what was called before and after", () => {
    const [before, after] = [call({ action: "created.user" }, 9), call({ action: "created.user" }, 21)];
    expect(
      judged([before, begin, call({ Path: "/v3" }, 12), end, after], { alerts: [before, after] })[0],
    ).toBe("logged");
  });
});

describe("what a cloud delivers", () => {
  const delivered = (event: HostEvent, sequence: number): HostEvent => ({
    ...event,
    id: `${event.id}/${sequence}`,
    logsource: API_LOG_SOURCES.cloudtrail,
    sequence,
  });
  const [first, last] = [delivered(begin, 1_000), delivered(end, 9_000)];
  const anywhere = rule("anywhere", "{ s: { action: created.user }, condition: s }", "{ product: aws }");

  test("can be credited, by the times of its sentinels", () => {
    const own = delivered(made, 5_000);
    expect(judged([first, own, last], { by: anywhere, alerts: [own] })[0]).toBe("detected");
  });

  test("earns nothing in the same second as a sentinel", () => {
    const near = delivered(made, 9_000);
    expect(judged([first, near, last], { by: anywhere, alerts: [near] })[0]).toBe("undecided");
  });
});

describe("a rule over started programs", () => {
  test("is judged by the client's own sensor, whose sentinels those of the API are not", () => {
    const [, act] = programs;
    expect(judged([...programs, begin, made, end], { by: program, alerts: [act as HostEvent] })[0]).toBe(
      "detected",
    );
    expect(judged([begin, made, end], { by: program })[0]).toBe("undecided");
  });
});
