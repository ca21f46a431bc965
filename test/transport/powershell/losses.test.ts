import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive } from "../sshd.js";
import { run, StandIn } from "./host.js";

let standIn: StandIn;
beforeEach(() => {
  standIn = new StandIn();
});
afterEach(() => standIn.stop());

/** Runs a command that must have an unknown end; afterwards the session is lost, and pwsh gone. */
async function expectLost(command: string, deadlineMs = 20_000): Promise<string> {
  const session = await standIn.connect();
  const result = await run(session, command, { deadlineMs });
  expect(result).toMatchObject({ ending: "disconnected", exitCode: null });
  expect(session.open).toBe(false);
  const error: unknown = await run(session, "echo").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "disconnected" });
  await session.close();
  expect((standIn.given("pid") as number[]).filter(isAlive)).toEqual([]);
  return String(error);
}

test.each([
  ["no-trailer", "no trailer"],
  ["cut", "no trailer"],
  ["twice", "no trailer"],
  ["die", "Shell process"],
  ["exit", "it ended"],
])("an exchange that ends by %s makes the command's end unknown", async (effect, said) => {
  standIn.behave({ on: "exchange", nth: 1, effect });
  expect(await expectLost("sleep 0.1")).toContain(said);
});

test("output that had come is kept when pwsh dies in the middle of a command", async () => {
  standIn.behave({ on: "exchange", nth: 3, effect: "die" });
  const session = await standIn.connect();
  expect(await run(session, "echo begun; sleep 1; echo over")).toMatchObject({
    ...{ ending: "disconnected", exitCode: null, stdout: "begun\n" },
  });
});

test("an error of the host in an exchange is passed on", async () => {
  standIn.behave({
    on: "exchange",
    nth: 1,
    effect: "error",
    text: "The SSH transport process has terminated",
  });
  expect(await expectLost("sleep 0.1")).toContain("The SSH transport process has terminated");
});

test.each([
  ["", "nothing"],
  ["no JSON", "text"],
  [`{"events":[{"id":"c1","exit":1.5}]}`, "half an exit code"],
  [`{"events":[{"id":"c1","exit":4294967296}]}`, "33 bits of exit code"],
  [`{"events":[{"id":"c1","stdout":"%%%"}]}`, "what is no base64"],
  [`{"events":[{"id":"c1","more":1}]}`, "an unknown key"],
])("an answer of %j (%s) is not believed", async (result) => {
  standIn.behave({ on: "exchange", nth: 1, effect: "answer", answer: { result } });
  expect(await expectLost("sleep 0.1")).toContain("cannot be read");
});

test("a pwsh that hangs does not hold up a command's deadline, and is ended", async () => {
  standIn.behave({ on: "exchange", nth: 2, effect: "hang" });
  expect(await expectLost("sleep 60", 300)).toContain("did not prove");
});
