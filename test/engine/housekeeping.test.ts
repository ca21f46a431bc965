import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { keepHouse } from "../../src/engine/housekeeping.js";
import type { Session } from "../../src/transport/transport.js";
import { freshFolder, shell, tidy } from "./workbench.js";

afterEach(tidy);

/** A session of which every command is counted, and that is said to be far away. */
async function distant(): Promise<{ session: Session; commands: () => number }> {
  const near = await shell();
  let commands = 0;
  const session: Session = {
    target: near.target,
    remote: true,
    ownLogin: false,
    get open() {
      return near.open;
    },
    exec: (command, options) => {
      commands += 1;
      return near.exec(command, options);
    },
    close: () => near.close(),
  };
  return { session, commands: () => commands };
}

const says = (word: string) => (nonce: string) => `printf '\\n%s probe ${word}\\n' ${nonce} >&2`;
const wordsOf = (statuses: readonly { word: string; rest: string }[]) =>
  statuses.filter(({ word }) => word === "probe").map(({ rest }) => rest);

describe("housekeeping of a session that is far away", () => {
  test("uses one command for many scripts, and each gets its own reports", async () => {
    const { session, commands } = await distant();
    const kept = await Promise.all(
      ["one", "two", "three"].map((word) => keepHouse(session, says(word), 5_000)),
    );
    expect(kept.map(({ statuses, ending }) => [wordsOf(statuses), ending])).toEqual([
      [["one"], "exited"],
      [["two"], "exited"],
      [["three"], "exited"],
    ]);
    expect(commands()).toBe(1);
    await session.close();
  });

  test("goes on after a script that is no script, that ends its shell, or that reads its input", async () => {
    const { session, commands } = await distant();
    for (const script of ["echo 'never closed", "exit 3", "cat > /dev/null", "kill -9 $$", "fi"]) {
      expect((await keepHouse(session, () => script, 5_000)).ending).toBe("exited");
      expect(wordsOf((await keepHouse(session, says("well"), 5_000)).statuses)).toEqual(["well"]);
    }
    expect(commands()).toBe(1);
    await session.close();
  });

  test("ends a script at its deadline, with what it started, and the next one has a new shell", async () => {
    const { session, commands } = await distant();
    const made = join(freshFolder(), "made");
    const late = keepHouse(session, () => `/bin/sleep 0.6; : > ${made}`, 100);
    const next = keepHouse(session, says("next"), 5_000);
    expect((await late).ending).toBe("deadline");
    // Given to the shell that was ended: nobody knows, so it is for the caller to ask again.
    expect((await next).ending).toBe("disconnected");
    expect(wordsOf((await keepHouse(session, says("again"), 5_000)).statuses)).toEqual(["again"]);
    expect(commands()).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(existsSync(made)).toBe(false);
    await session.close();
  });

  test("says that nobody knows when the session is lost under a script", async () => {
    const { session } = await distant();
    const kept = keepHouse(session, () => "/bin/sleep 5", 5_000);
    setTimeout(() => void session.close(), 100);
    expect((await kept).ending).toBe("disconnected");
  });
});

test("near by every script has a command of its own", async () => {
  const { session, commands } = await distant();
  const near = { ...session, remote: false };
  for (const word of ["one", "two"])
    expect(wordsOf((await keepHouse(near, says(word), 5_000)).statuses)).toEqual([word]);
  expect(commands()).toBe(2);
  await session.close();
});
