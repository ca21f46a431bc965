import { createServer } from "node:net";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { TyrianError } from "../../src/errors.js";
import { openQueueServer } from "../../src/dispatch/redis.js";
import { startSharedRedis, type StateFolder, stateFolder } from "./support.js";

let state: StateFolder;
let shared: Awaited<ReturnType<typeof startSharedRedis>>;

beforeAll(async () => {
  shared = await startSharedRedis();
});
afterAll(async () => {
  await shared.close();
});
beforeEach(() => {
  state = stateFolder();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await state.remove();
});

async function refusal(url: string): Promise<TyrianError> {
  const thrown: unknown = await openQueueServer(state.path, url).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof TyrianError)) throw new Error(`not refused by a TyrianError: ${String(thrown)}`);
  expect(thrown.code).toBe("queue-unavailable");
  return thrown;
}

describe("REDIS_URL", () => {
  test("when it is set, that Redis is used, with its password and database, and none is started", async () => {
    vi.stubEnv("REDIS_URL", shared.url);
    const server = await openQueueServer(state.path);
    expect(server.origin).toBe("url");
    await server.client.set("mark", "here");
    expect(await server.client.client("INFO")).toMatch(/ db=2 /);
    await server.close();
    expect(existsSync(join(state.path, "redis"))).toBe(false);
  });

  test.each([undefined, ""])("when it is %j, the private one is", async (url) => {
    vi.stubEnv("REDIS_URL", url);
    const server = await openQueueServer(state.path);
    expect(server.origin).toBe("private");
    await server.close();
  });

  test("a wrong password is refused, and no message holds it", async () => {
    const error = await refusal(shared.url.replace("s3cret", "wr0ng-s3cret"));
    expect(error.message).toMatch(/Redis at 127\.0\.0\.1:\d+ cannot be used/);
    expect(`${error.message} ${error.hint}`).not.toContain("wr0ng");
  });

  test("a database that the server does not have is refused", async () => {
    expect((await refusal(shared.url.replace(/2$/, "99"))).message).toContain("out of range");
  });

  test("a server that never answers is given up after five seconds", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const begun = Date.now();
    expect((await refusal(`redis://127.0.0.1:${port}`)).message).toContain("no answer within 5 s");
    expect(Date.now() - begun).toBeLessThan(8_000);
    silent.close();
  });

  test.each([
    ["not a url", "REDIS_URL is not a URL"],
    ["http://127.0.0.1:6379", "protocol http:"],
    ["redis://:100%@127.0.0.1", "a % that begins no escape"],
    ["redis://127.0.0.1:1", "Redis at 127.0.0.1:1 cannot be used"],
    ["redis://[::1]:1", "Redis at ::1:1 cannot be used"],
    ["redis://127.0.0.1/zero", "the database zero"],
    ["redis://127.0.0.1/-1", "the database -1"],
  ])("%s is refused: %s", async (url, message) => {
    expect((await refusal(url)).message).toContain(message);
  });
});
