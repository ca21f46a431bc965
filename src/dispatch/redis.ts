import type { Redis } from "ioredis";
import { TyrianError, messageOf } from "../errors.js";
import { openPrivateRedis } from "./private-redis.js";

/** Where a Redis is and how to be let in; the part of the clients' options that ioredis and BullMQ both know. */
export type ServerAddress = (
  | { path: string }
  | { host: string; port: number; db: number; username?: string; password?: string; tls?: object }
) & {
  /** BullMQ's workers demand it: they wait for ever, the callers have the deadlines. */
  maxRetriesPerRequest: null;
};

/** A Redis to queue on, and whose it is. */
export interface QueueServer {
  /** Options for a connection; each user of them makes one of its own. */
  readonly options: ServerAddress;
  /** For commands that are not BullMQ's: leases and the kill switch. */
  readonly client: Redis;
  readonly origin: "url" | "private";
  close(): Promise<void>;
}

const CONNECT_DEADLINE_MS = 5_000;
const COMMAND_DEADLINE_MS = 10_000;
const QUIT_DEADLINE_MS = 2_000;

/**
 * `REDIS_URL` if set, else the private server of the state folder.
 * @throws TyrianError `queue-unavailable`; the message never holds the URL's password.
 */
export async function openQueueServer(state: string, url = process.env["REDIS_URL"]): Promise<QueueServer> {
  const { Redis } = await import("ioredis");
  if (url !== undefined && url !== "") {
    const options = optionsOf(url);
    const client = await connected(
      new Redis(clientOptions(options)),
      "host" in options ? `${options.host}:${options.port}` : options.path,
    );
    return { options, client, origin: "url", close: () => quit(client) };
  }
  const server = await openPrivateRedis(state);
  const options: ServerAddress = { path: server.socket, maxRetriesPerRequest: null };
  try {
    const client = await connected(new Redis(clientOptions(options)), server.socket);
    const close = async (): Promise<void> => {
      await quit(client);
      await server.close();
    };
    return { options, client, origin: "private", close };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** For a client that is told at once when the server is gone, instead of queueing its commands. */
function clientOptions(
  address: ServerAddress,
): ServerAddress & { lazyConnect: true; enableOfflineQueue: false; commandTimeout: number } {
  return { ...address, lazyConnect: true, enableOfflineQueue: false, commandTimeout: COMMAND_DEADLINE_MS };
}

function optionsOf(url: string): ServerAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new TyrianError("queue-unavailable", "REDIS_URL is not a URL", {
      hint: "It looks like redis://user:password@host:6379/0.",
    });
  }
  if (parsed.protocol !== "redis:" && parsed.protocol !== "rediss:") {
    throw new TyrianError(
      "queue-unavailable",
      `REDIS_URL has the protocol ${parsed.protocol}; expected redis: or rediss:`,
    );
  }
  const database = parsed.pathname.slice(1);
  if (!/^\d*$/.test(database)) {
    throw new TyrianError("queue-unavailable", `REDIS_URL names the database ${database}; expected a number`);
  }
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw new TyrianError("queue-unavailable", "REDIS_URL holds a % that begins no escape", {
        hint: "Write a literal % as %25.",
      });
    }
  };
  return {
    // An IPv6 address stands in brackets in a URL only.
    host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: parsed.port === "" ? 6379 : Number(parsed.port),
    db: Number(database),
    ...(parsed.username === "" ? {} : { username: decoded(parsed.username) }),
    ...(parsed.password === "" ? {} : { password: decoded(parsed.password) }),
    ...(parsed.protocol === "rediss:" ? { tls: {} } : {}),
    maxRetriesPerRequest: null,
  };
}

async function connectTo(client: Redis): Promise<void> {
  await client.connect();
  // A database that the server lacks is else left for the first one, silently.
  if (client.options.db) await client.select(client.options.db);
}

async function connected(client: Redis, where: string): Promise<Redis> {
  // Without a listener a later loss of the connection would end the process; commands report it themselves.
  let last = "";
  client.on("error", (error: Error) => {
    last = error.message;
  });
  const deadline = AbortSignal.timeout(CONNECT_DEADLINE_MS);
  try {
    await Promise.race([
      connectTo(client),
      new Promise<never>((_resolve, reject) => {
        deadline.addEventListener(
          "abort",
          () => reject(new Error(`no answer within ${CONNECT_DEADLINE_MS / 1000} s`)),
          { once: true },
        );
      }),
    ]);
    return client;
  } catch (error) {
    client.disconnect();
    throw new TyrianError(
      "queue-unavailable",
      `Redis at ${where} cannot be used: ${last === "" ? messageOf(error) : last}`,
      { cause: error },
    );
  }
}

/**
 * The answer to a command.
 * @throws TyrianError `queue-unavailable` instead of the client's error.
 */
export async function answerOf<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    const message = `Redis does not answer any more: ${messageOf(error)}`;
    throw new TyrianError("queue-unavailable", message, { cause: error });
  }
}

/** Ends a connection; one whose server does not answer is cut. */
export async function quit(client: Redis): Promise<void> {
  const cut = setTimeout(() => client.disconnect(), QUIT_DEADLINE_MS);
  // Cutting it rejects the command that waits.
  await client.quit().catch(() => client.disconnect());
  clearTimeout(cut);
}
