import { expect, test } from "vitest";
import { SensorReadings } from "../../src/siem/embedded/sensor-readings.js";

test("an audit daemon that took another's place counts as a lost record: meanwhile the kernel drops without counting", async () => {
  const daemons = [412, 412, 0, 733, 733];
  const readings = new SensorReadings(() =>
    Promise.resolve({ lost: 7, running: true, detail: "", daemon: daemons.shift() ?? 733 }),
  );
  const lost: (number | null)[] = [];
  // Each time a reading that has not begun yet.
  for (let time = 0; time < 5; time += 1) lost.push((await readings.of("web1", 0, Infinity)).value.lost);
  expect(lost).toEqual([7, 7, 8, 9, 9]);
});

test("the daemon of one host says nothing of another's", async () => {
  const readings = new SensorReadings((host) =>
    Promise.resolve({ lost: 0, running: true, detail: "", daemon: host === "web1" ? 412 : 500 }),
  );
  await readings.of("web1", 0, Infinity);
  expect((await readings.of("web2", 0, Infinity)).value.lost).toBe(0);
  expect((await readings.of("web1", 0, Infinity)).value.lost).toBe(0);
});
