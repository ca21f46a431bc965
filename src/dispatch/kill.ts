import type { Redis } from "ioredis";

/** Every run that shares the Redis listens here. */
const CHANNEL = "tyrian:kill";

/** Calls `stop` when the kill switch is thrown. The answer stops listening. */
export async function onKill(redis: Redis, stop: () => void): Promise<{ close(): Promise<void> }> {
  const subscriber = redis.duplicate({ enableOfflineQueue: true });
  // The connection's loss is reported by the commands of the run itself.
  subscriber.on("error", () => undefined);
  subscriber.on("message", stop);
  await subscriber.subscribe(CHANNEL);
  return {
    close: async () => {
      await subscriber.quit().catch(() => subscriber.disconnect());
    },
  };
}

/** Throws the kill switch. Returns the number of runs that heard it. */
export async function throwKillSwitch(redis: Redis): Promise<number> {
  return await redis.publish(CHANNEL, "now");
}

/** Trials that hold a target now, by the leases. */
export async function leasedTrials(redis: Redis): Promise<string[]> {
  const keys: string[] = [];
  let cursor = "0";
  do {
    const [next, found] = await redis.scan(cursor, "MATCH", "tyrian:lease:*", "COUNT", 500);
    keys.push(...found);
    cursor = next;
  } while (cursor !== "0");
  if (keys.length === 0) return [];
  return (await redis.mget(keys)).filter((holder): holder is string => holder !== null);
}
