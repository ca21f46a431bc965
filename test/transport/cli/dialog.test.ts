import { describe, expect, test } from "vitest";
import { DeviceDialog } from "../../../src/transport/cli/dialog.js";
import { profileOf } from "../../../src/transport/cli/profiles.js";
import { standIn } from "./stand-in-device.js";
import { transcripts } from "./transcripts.js";

const soon = { deadlineMs: 5_000 };

describe.each(transcripts)("a session with $profile", (transcript) => {
  test("goes as its transcript says, in pieces of one byte too", async () => {
    const behaviour = {
      ...(transcript.enabled === undefined ? {} : { secret: "level-15-secret" }),
      pieces: (text: string) => [...text],
    };
    const { device, options } = standIn(transcript.profile, behaviour);
    const dialog = await DeviceDialog.start(device, options);
    for (const { typed, output, errors = [] } of transcript.exchanges) {
      expect(await dialog.type(typed, soon)).toEqual({
        ending: "answered",
        output,
        errors,
        truncated: false,
      });
      const configuring =
        /^configure/.test(typed) || (dialog.inConfiguration && !/^(?:end|exit)/.test(typed));
      expect(dialog.inConfiguration, typed).toBe(configuring);
    }
    const first = transcript.enabled === undefined ? [] : ["enable"];
    expect(device.typed.slice(0, first.length + 1)).toEqual([
      ...first,
      profileOf(transcript.profile).pagerOff,
    ]);
    dialog.close();
    expect(dialog.open).toBe(false);
  });
});

describe("the privileged mode", () => {
  test("is not entered where no secret is given", async () => {
    const { device, options } = standIn("ios");
    await DeviceDialog.start(device, options);
    expect(device.typed).toEqual(["terminal length 0"]);
  });

  test("is refused with a wrong secret, which no message quotes", async () => {
    const instead = { "terminal length 0": "edge-1>" };
    const { device, options } = standIn("ios", { secret: "right", instead }, "not-the-secret");
    const failure = await DeviceDialog.start(device, { ...options, deadlineMs: 400 }).catch(
      (error: unknown) => error as Error,
    );
    expect(String(failure)).not.toContain("not-the-secret");
    expect(failure).toMatchObject({ code: expect.stringMatching(/auth-failed|device-prompt-unknown/) });
    expect(device.destroyed).toBe(true);
  });
});

describe("what nobody expected", () => {
  test("a login shell that is no command line of the device", async () => {
    const { device, options } = standIn("junos");
    device.push("\r\nroot@core-1:~ # ");
    await expect(
      DeviceDialog.start(device, { ...options, profile: profileOf("vyos"), deadlineMs: 300 }),
    ).rejects.toMatchObject({
      code: "device-prompt-unknown",
      message: expect.stringContaining("no prompt of VyOS"),
    });
    expect(device.destroyed).toBe(true);
  });

  test("a question is given up, and the prompt can be used again", async () => {
    const { device, options } = standIn("frr", { instead: { reload: "Proceed? [confirm]" } });
    const dialog = await DeviceDialog.start(device, options);
    expect(await dialog.type("reload", soon)).toMatchObject({
      ending: "question",
      errors: ["Proceed? [confirm]"],
    });
    expect(device.typed).not.toContain("y");
    expect(await dialog.type("bogus", soon)).toMatchObject({ ending: "answered" });
  });

  test("a command without an end is given up at its deadline", async () => {
    const { device, options } = standIn("frr", { instead: { "show forever": "more and more" } });
    const dialog = await DeviceDialog.start(device, options);
    const reply = await dialog.type("show forever", { deadlineMs: 150 });
    expect(reply).toMatchObject({ ending: "deadline", errors: [] });
    expect(dialog.open).toBe(true);
  });

  test("a command is given up when it is interrupted", async () => {
    const { device, options } = standIn("frr", { instead: { "show forever": "more" } });
    const dialog = await DeviceDialog.start(device, options);
    expect(dialog.interrupt()).toBe(false);
    const typing = dialog.type("show forever", soon);
    expect(dialog.interrupt()).toBe(true);
    expect((await typing).ending).toBe("interrupted");
  });

  test("a device that does not come back is hung up on", async () => {
    const { device, options } = standIn("frr", { instead: { hang: "" }, heedsInterrupt: false });
    const dialog = await DeviceDialog.start(device, options);
    expect((await dialog.type("hang", { deadlineMs: 100 })).ending).toBe("deadline");
    expect([dialog.open, device.destroyed]).toEqual([false, true]);
    await expect(dialog.type("show version", soon)).rejects.toMatchObject({ code: "disconnected" });
  });

  test("a device that hangs up", async () => {
    const { device, options } = standIn("frr", { instead: { exit: "" } });
    const dialog = await DeviceDialog.start(device, options);
    const typing = dialog.type("exit", soon);
    device.destroy();
    expect((await typing).ending).toBe("closed");
    expect(dialog.open).toBe(false);
  });

  test("what a device says between two commands is no part of the next answer", async () => {
    const { device, options } = standIn("frr");
    const dialog = await DeviceDialog.start(device, options);
    await dialog.type("show ip route summary", soon);
    device.push("\r\n%LINK-3-UPDOWN: Interface lo1, changed state to up\r\nr1# ");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await dialog.type("bogus", soon)).toMatchObject({
      output: "% Unknown command: bogus\n",
      errors: ["% Unknown command: bogus"],
    });
  });
});

test.each(["show\nreload", "show \u0003", "x".repeat(241), "grüße"])(
  "a line that cannot be typed is refused: %j",
  async (line) => {
    const { device, options } = standIn("frr");
    const dialog = await DeviceDialog.start(device, options);
    await expect(dialog.type(line, soon)).rejects.toMatchObject({ code: "command-too-long" });
    expect(device.typed).toEqual(["no terminal paginate"]);
  },
);
