import type { Redis } from "ioredis";
import { answerOf, quit } from "./redis.js";

/** Every run that shares the Redis listens here. */
const CHANNEL = "tyrian:kill";

/**
 * Calls `stop` when the kill switch is thrown. The answer stops listening.
 * @throws TyrianError `queue-unavailable`
 */
export async function onKill(redis: Redis, stop: () => void): Promise<{ close(): Promise<void> }> {
  const subscriber = redis.duplicate({ enableOfflineQueue: true });
  // The connection's loss is reported by the commands of the run itself.
  subscriber.on("error", () => undefined);
  subscriber.on("message", stop);
  try {
    await answerOf(subscriber.subscribe(CHANNEL));
  } catch (error) {
    subscriber.disconnect();
    throw error;
  }
  return { close: () => quit(subscriber) };
}

/**
 * Throws the kill switch. Returns the number of runs that heard it.
 * @throws TyrianError `queue-unavailable`
 */
export async function throwKillSwitch(redis: Redis): Promise<number> {
  return await answerOf(redis.publish(CHANNEL, "now"));
}

/**
 * Trials that hold a target now, by the leases.
 * @throws TyrianError `queue-unavailable`
 */
export async function leasedTrials(redis: Redis): Promise<string[]> {
  // A scan may give a key twice.
  const keys = new Set<string>();
  let cursor = "0";
  do {
    const [next, found] = await answerOf(redis.scan(cursor, "MATCH", "tyrian:lease:*", "COUNT", 500));
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== "0");
  if (keys.size === 0) return [];
  return (await answerOf(redis.mget([...keys]))).filter((holder): holder is string => holder !== null);
}
