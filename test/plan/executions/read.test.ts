import { describe, expect, test } from "vitest";
import { readExecutions } from "../../../src/plan/executions/read.js";

const read = (text: string) => readExecutions(text, "executions");

describe("Tyrian's own form", () => {
  const own = { host: "web-1", startedAt: "2026-11-24T20:15:00Z", command: "echo 'a # b'" };

  test("is YAML, JSON or a line of JSON each", () => {
    const yaml = `executions:\n  - host: web-1\n    startedAt: "2026-11-24T20:15:00Z"\n    command: "echo 'a # b'"\n`;
    const forms = [
      yaml,
      JSON.stringify({ executions: [own] }),
      JSON.stringify(own),
      `${JSON.stringify(own)}\n\n`,
    ];
    for (const form of forms) expect(read(form).executions).toEqual([own]);
    expect(read(`${JSON.stringify(own)}\n${JSON.stringify(own)}\n`).executions).toEqual([own, own]);
  });

  test("is refused where it is wrong: a time without a zone, a key that nobody knows", () => {
    const wrong = `executions:
  - { host: web-1, startedAt: "2026-11-24 20:15:00", comand: id }
`;
    expect(() => read(wrong)).toThrow(
      expect.objectContaining({
        code: "executions-invalid",
        diagnostics: [
          expect.objectContaining({
            line: 2,
            column: 31,
            message: expect.stringContaining("with its zone") as string,
          }),
          expect.objectContaining({ line: 2, hint: expect.stringContaining("command") as string }),
        ],
      }),
    );
  });

  test("tells the line of NDJSON", () => {
    const lines = [JSON.stringify(own), JSON.stringify({ ...own, host: 7 }), JSON.stringify(own)];
    expect(() => read(lines.join("\n"))).toThrow(
      expect.objectContaining({ diagnostics: [expect.objectContaining({ line: 2, column: 9 })] }),
    );
  });
});

describe("an execution log of Invoke-AtomicRedTeam", () => {
  const head =
    '"Execution Time (UTC)","Execution Time (Local)","Technique","Test Number","Test Name","Hostname","IP Address","Username","GUID","ProcessId","ExitCode"';

  test("tells a test by its process: it has no command", () => {
    const row =
      '"2026-11-24T20:15:00Z","2026-11-24T21:15:00Z","T1059.004","1","Create, then run","web-1","10.0.0.5","op","7e7ac3ed-f795-4fa5-b711-09d6fbe9b873","4711","0"';
    expect(read(`\uFEFF${head}\r\n${row}\r\n`)).toEqual({
      recorder: "Invoke-AtomicRedTeam",
      executions: [
        {
          host: "web-1",
          startedAt: "2026-11-24T20:15:00Z",
          command: null,
          name: "T1059.004 test 1: Create, then run",
          technique: "T1059.004",
          guid: "7e7ac3ed-f795-4fa5-b711-09d6fbe9b873",
          pid: 4711,
        },
      ],
      refused: [],
    });
  });

  test("of an old version has not even that", () => {
    const old = `${head.split(',"IP')[0] ?? ""}\n"2020-01-01T00:00:00Z","x","T1059.004","1","Name","web-1"\n`;
    expect(read(old).executions[0]).toMatchObject({ command: null, host: "web-1" });
    expect(read(old).executions[0]).not.toHaveProperty("pid");
  });

  test("that lacks its columns or is cut off is refused", () => {
    expect(() => read('"Execution Time (UTC)","Technique"\n"2020-01-01T00:00:00Z","T1"\n')).toThrow(
      /1 error|errors/,
    );
    expect(() => read(`${head}\n"2026-11-24T20:15:00Z","cut`)).toThrow(/have 1 error/);
  });
});

describe("an ATTiRe log", () => {
  const log = (step: object) =>
    JSON.stringify({
      "attire-version": "1.1",
      "execution-data": {
        "execution-source": "Invoke-Atomicredteam",
        target: { user: "op", host: "web-1", ip: "10.0.0.5", path: "/usr/bin" },
      },
      procedures: [
        {
          "mitre-technique-id": "T1059.004",
          "procedure-name": "Echo",
          "procedure-id": { type: "guid", id: "7e7ac3ed-f795-4fa5-b711-09d6fbe9b873" },
          order: 1,
          steps: [{ order: 1, executor: "sh", output: [], ...step }],
        },
      ],
    });
  const times = { "time-start": "2026-11-24T20:15:00.000Z", "time-stop": "2026-11-24T20:15:02.000Z" };

  test("has a command, a start and an end for each step", () => {
    expect(read(log({ ...times, command: "echo hi\n" }))).toEqual({
      recorder: "Invoke-Atomicredteam",
      executions: [
        {
          host: "web-1",
          startedAt: "2026-11-24T20:15:00.000Z",
          endedAt: "2026-11-24T20:15:02.000Z",
          command: "echo hi",
          name: "T1059.004: Echo",
          technique: "T1059.004",
          guid: "7e7ac3ed-f795-4fa5-b711-09d6fbe9b873",
        },
      ],
      refused: [],
    });
  });

  test("with a step without a command says so, and with one without a time is refused", () => {
    expect(read(log({ ...times, command: "" })).refused).toEqual(['T1059.004 "Echo": it has no command']);
    expect(() => read(log({ ...times, "time-stop": "unknown", command: "id" }))).toThrow(
      expect.objectContaining({
        diagnostics: [
          expect.objectContaining({
            message: expect.stringContaining("procedures.0.steps.0.time-stop: expected a time") as string,
          }),
        ],
      }),
    );
  });
});

describe("an operation report of Caldera", () => {
  const report = (step: object, paw = "abcdef") =>
    JSON.stringify({
      name: "exercise",
      host_group: [{ paw: "abcdef", host: "web-1", platform: "linux" }],
      start: "2026-11-24T20:00:00Z",
      steps: {
        [paw]: {
          steps: [
            {
              ability_id: "90c2efaa-8205-480d-8bb6-61d90dbaf81b",
              name: "Echo",
              command: Buffer.from("echo hi").toString("base64"),
              delegated: "2026-11-24T20:15:00Z",
              run: "2026-11-24T20:15:40Z",
              status: 0,
              platform: "linux",
              executor: "sh",
              pid: 4711,
              attack: { tactic: "execution", technique_name: "Unix Shell", technique_id: "T1059.004" },
              ...step,
            },
          ],
        },
      },
    });

  test("has an encoded command for each step, between its delegation and its result", () => {
    const { recorder, executions } = read(report({}));
    expect([recorder, executions]).toEqual([
      "Caldera",
      [
        {
          host: "web-1",
          startedAt: "2026-11-24T20:15:00Z",
          endedAt: "2026-11-24T20:15:40Z",
          command: "echo hi",
          name: "T1059.004: Echo",
          technique: "T1059.004",
          guid: "90c2efaa-8205-480d-8bb6-61d90dbaf81b",
        },
      ],
    ]);
  });

  test("has steps that were perhaps never executed, and agents whose host it does not name: they are told", () => {
    expect(read(report({ status: -2 })).refused[0]).toContain("its status is -2");
    expect(read(report({}, "other")).refused[0]).toContain("no host for the agent other");
  });

  test("of a version that wrote local times is refused: which zone they are of is told nowhere", () => {
    expect(() => read(report({ delegated: "2020-11-24 20:15:00" }))).toThrow(
      expect.objectContaining({
        diagnostics: [expect.objectContaining({ message: expect.stringContaining("local time") as string })],
      }),
    );
  });
});
