import { afterEach, describe, expect, test, vi } from "vitest";
import { cleanUp } from "../../../src/engine/cleanup.js";
import { checkAct } from "../../../src/engine/act.js";
import { executionOf } from "../../verify/builders.js";
import { tidy } from "../workbench.js";
import { type Answer, deviceSession, deviceTrial } from "./stand-in.js";

afterEach(() => {
  vi.useRealTimers();
  tidy();
});

const probe = "show interface description | include maintenance";
const trial = deviceTrial("configure terminal", {
  cleanup: { run: "configure terminal\ninterface lo\nno description\nend\n", probe },
});

async function cleaned(
  answer: Answer,
): Promise<{ status: string; detail: string; prompts: readonly (readonly string[])[] }> {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const device = deviceSession(answer);
  const cleaning = cleanUp(() => Promise.resolve(device.session), trial);
  await vi.advanceTimersByTimeAsync(10_000);
  const { status, detail } = await cleaning;
  return { status, detail, prompts: device.prompts };
}

test("a cleanup is typed at a prompt that is marked as ours, and proved by a probe that prints nothing", async () => {
  const { status, detail, prompts } = await cleaned(() => ({}));
  expect(status).toBe("clean");
  expect(detail).toBe("no process sweep: a network device starts no processes for what is typed");
  expect(prompts).toEqual([
    [
      expect.stringMatching(/^show thread cpu tyrian-sentinel\.begin\.session-tyrian-[0-9a-f]+$/),
      ...["configure terminal", "interface lo", "no description", "end", probe],
    ],
  ]);
});

test("what the device refuses to undo, because it is undone already, is no matter", async () => {
  const { status } = await cleaned((line) =>
    line === "no description" ? { errors: ["% There is no description"] } : {},
  );
  expect(status).toBe("clean");
});

test("a probe that prints something is tried again, and the device is dirty then", async () => {
  const { status, detail, prompts } = await cleaned((line) =>
    line === probe ? { output: "lo  up  up  maintenance\n" } : {},
  );
  expect([status, detail]).toEqual(["dirty", 'the cleanup\'s probe found "lo  up  up  maintenance"']);
  expect(prompts).toHaveLength(3);
});

test("a probe that the device refuses proves nothing clean", async () => {
  const { status } = await cleaned((line) => (line === probe ? { errors: ["% Unknown command"] } : {}));
  expect(status).toBe("dirty");
});

test("a device that hangs up leaves it unverified", async () => {
  const { status } = await cleaned((line) => (line === "interface lo" ? { ending: "closed" } : {}));
  expect(status).toBe("unverified");
});

describe("the command of a proof", () => {
  const command = { run: "show interface description", stdout: { contains: "maintenance" } };
  const proved = deviceTrial("x", { proof: { exitCode: 0, command } });
  const ran = executionOf({ exitCode: null, proof: null });

  test("is typed, and its output compared", async () => {
    const device = deviceSession(() => ({ output: "lo  maintenance\n" }));
    expect((await checkAct(device.session, proved, ran)).status).toBe("ran");
  });

  test("proves nothing when the device refuses it", async () => {
    const device = deviceSession((line) =>
      line === command.run ? { output: "% maintenance\n", errors: ["% maintenance"] } : {},
    );
    expect((await checkAct(device.session, proved, ran)).status).toBe("failed");
  });
});
