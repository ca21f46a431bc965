import { type ApiCall, type ApiLine, below, flat, jsonObject, known, textOf, timeOf } from "./api-call.js";

/**
 * A line of oslo.log's default format: time, process, level, logger, and the context of the request (global request id, request id,
 * user id, project id, ...), with `-` for what is not known.
 */
const LINE =
  /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) \d+ [A-Z]+ ([\w.-]+) \[(?:\S+ )?(req-[0-9a-f-]{36}) (\S+) [^\]]*\] (.*)$/;
/** Lines of every process that has a logger, also without a request. */
const ANY_LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \d+ [A-Z]+ [\w.-]+ /;

const NOTIFICATION = "oslo.messaging.notification.";
/** With its level set to DEBUG, it tells the method and the path of every request, each in a line of its own. */
const REQUESTS = "keystone.server.flask.request_processing.req_logging";
const REQUEST_PART = /^(REQUEST_METHOD|PATH_INFO): `([^`]*)`/;

/** Requests whose path has not come yet. */
const REQUESTS_KEPT = 100;

/**
 * Keystone's own log with the driver `log` of its notifications, in the format CADF (DMTF DSP0262; Keystone, "Keystone Event
 * Notifications"): authentications, and what was created, changed and deleted. Requests that change nothing notify nobody: they
 * are in the log by their method and path.
 *
 * The caller is what the context of the line says, which is there also where the notification has no initiator (a deleted user); of
 * an authentication, which has no context yet, it is the initiator. The log's times have no zone: run Keystone in UTC.
 */
export class KeystoneLogReader {
  /** The method of a request, by its id, until its path comes. */
  readonly #methods = new Map<string, string>();

  read(line: string): ApiLine {
    const match = LINE.exec(line);
    if (match === null) return ANY_LINE.test(line) || /^\s*$/.test(line) ? [] : null;
    const [, day, clock, logger = "", request = "", context = "-", message = ""] = match;
    const time = Date.parse(`${day}T${clock}Z`);
    const user = context === "-" ? null : context;
    if (logger.startsWith(NOTIFICATION)) return notification(message, time, request, user);
    return logger === REQUESTS ? this.#request(message, time, request, user) : [];
  }

  #request(message: string, time: number, request: string, user: string | null): ApiLine {
    const [, part, value] = REQUEST_PART.exec(message) ?? [];
    if (value === undefined) return [];
    if (part === "REQUEST_METHOD") {
      this.#methods.set(request, value);
      if (this.#methods.size > REQUESTS_KEPT)
        this.#methods.delete(this.#methods.keys().next().value as string);
      return [];
    }
    const method = this.#methods.get(request);
    this.#methods.delete(request);
    if (method === undefined) return [];
    const fields = {
      Method: method,
      Path: value,
      RequestId: request,
      ...known({ UserId: user ?? undefined }),
    };
    return [{ time, principal: user, fields }];
  }
}

function notification(message: string, logged: number, request: string, user: string | null): ApiLine {
  const record = jsonObject(message);
  if (record === null) return null;
  const payload = below(record, "payload");
  const initiator = below(payload, "initiator");
  const host = below(initiator, "host");
  // Notifications in the other format have no event type: nothing of them is read as CADF.
  if (textOf(payload["typeURI"]) === undefined) return [];
  const id = textOf(record["message_id"]);
  const principal = user ?? textOf(initiator["user_id"]) ?? textOf(initiator["id"]) ?? null;
  const call: ApiCall = {
    time: timeOf(payload["eventTime"]) ?? logged,
    ...(id === undefined ? {} : { id }),
    principal,
    fields: {
      ...flat(payload),
      ...known({
        event_type: textOf(record["event_type"]),
        RequestId: request,
        UserId: principal ?? undefined,
        User: textOf(initiator["username"]),
        UserAgent: textOf(host["agent"]),
        SourceIp: textOf(host["address"]),
      }),
    },
  };
  return [call];
}
