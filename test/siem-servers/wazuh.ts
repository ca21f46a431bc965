import { z } from "zod";
import { type Indexed, SearchApiStandIn } from "./search-api.js";
import { queryOf, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldDocument } from "./world.js";

/** Rules have numbers. */
const ids: Readonly<Record<string, number>> = { "rule-echo": 100_100, "rule-off": 100_101 };

function stored(at: number): Readonly<Record<string, unknown>> {
  const date = new Date(at).toISOString();
  return { "@timestamp": date, timestamp: date.replace("Z", "+0000") };
}

/** The indexer of Wazuh 4, as Filebeat's pipeline fills it. */
export class WazuhIndexerStandIn extends SearchApiStandIn {
  /** More fields of the alerts. */
  alertFields: Readonly<Record<string, unknown>> = {};
  /** Whether the manager decodes events as JSON. */
  decodes = true;

  protected authorize({ headers }: SeenRequest): void {
    const expected = `Basic ${Buffer.from(`tyrian:${this.token}`).toString("base64")}`;
    if (headers.authorization !== expected) throw new Refusal(401, "Unauthorized");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path } = request;
    if (method === "POST" && path.endsWith("/_search")) return this.search(request);
    throw new Refusal(405, `Incorrect HTTP method for uri [${path}] and method [${method}]`);
  }

  protected index(name: string): readonly Indexed[] | null {
    if (name === "wazuh-archives-*") return this.world.documents.map((document) => this.indexed(document));
    if (name === "wazuh-alerts-*")
      return this.world.alerts.flatMap(({ id, rule, createdAt, documents: [document] }) =>
        document === undefined
          ? []
          : [
              {
                _index: "wazuh-alerts-4.x-2026.11.24",
                _id: id,
                _source: {
                  ...this.indexed(document)._source,
                  ...stored(createdAt),
                  rule: {
                    id: String(ids[rule]),
                    level: 7,
                    description: "An echo",
                    firedtimes: 1,
                    mitre: { id: ["T1059.004"] },
                  },
                  ...this.alertFields,
                },
              },
            ],
      );
    return null;
  }

  protected override indexed({ id, host, ingestedAt, text, argv }: WorldDocument): Indexed {
    const { ID } = JSON.parse(text) as { ID: string };
    const { timestamp, ...time } = stored(ingestedAt);
    return {
      _index: "wazuh-archives-4.x-2026.11.24",
      _id: id,
      _source: {
        ...time,
        ...(this.world.ingestTimes ? { timestamp } : {}),
        id: `1795550400.${id}`,
        agent: { id: "001", name: host, ip: "10.0.0.1" },
        manager: { name: "wazuh" },
        decoder: { name: "json" },
        location: "/var/log/laurel/audit.log",
        full_log: text,
        ...(this.decodes ? { data: { ID } } : {}),
        process: { command_line: argv.join(" ") },
      },
    };
  }
}

const rulesSchema = z.strictObject({
  rule_ids: z.string().regex(/^\d+(,\d+)*$/, "is not of type 'integer' - 'rule_ids'"),
  limit: z.coerce.number().int().max(100_000),
});

/** The API of Wazuh's manager. */
export class WazuhManagerStandIn extends SiemStandIn {
  /** What the XML of the rules says. */
  details: Readonly<Record<string, unknown>> = {};
  /** The user may not read the rules' files. */
  forbidden = false;
  version = "4.14.0";
  #session = 0;

  /** @param expected the password */
  constructor(
    readonly world: World,
    private readonly expected: () => string,
  ) {
    super();
  }

  protected authorize({ headers, path }: SeenRequest): void {
    const login = Buffer.from(`tyrian-api:${this.expected()}`).toString("base64");
    const wanted =
      path === "/security/user/authenticate" ? `Basic ${login}` : `Bearer jwt-${this.#session}-${login}`;
    if (headers.authorization !== wanted) throw new Refusal(401, "Invalid credentials");
  }

  /** Ends all sessions. */
  endSessions(): void {
    this.#session += 1;
  }

  protected answer(request: SeenRequest): Reply {
    const route = `${request.method} ${request.path}`;
    if (route === "POST /security/user/authenticate") {
      const login = Buffer.from(`tyrian-api:${this.expected()}`).toString("base64");
      return { status: 200, body: { data: { token: `jwt-${this.#session}-${login}` }, error: 0 } };
    }
    if (route === "GET /") {
      const now = new Date(Date.now() + this.world.clockOffsetMs).toISOString();
      const timestamp = now.replace(/\.\d{3}Z$/, "Z");
      const data = { title: "Wazuh API REST", api_version: this.version, hostname: "wazuh", timestamp };
      return { status: 200, body: { data, error: 0 } };
    }
    if (route === "GET /rules") return this.#rules(request);
    throw new Refusal(404, "404: Not Found");
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { title: "Error", detail: message } };
  }

  #rules(request: SeenRequest): Reply {
    const wanted = queryOf(request, rulesSchema).rule_ids.split(",").map(Number);
    const items = this.world.rules
      .filter(({ name }) => wanted.includes(ids[name] ?? 0))
      .map(({ name, enabled, title, query = "echo" }) => ({
        id: ids[name],
        filename: "local_rules.xml",
        relative_dirname: "etc/rules",
        level: 7,
        status: enabled ? "enabled" : "disabled",
        description: title,
        groups: ["local"],
        details: { field: { name: "process.command_line", pattern: query }, ...this.details },
      }));
    const known = this.forbidden ? [] : items;
    const error = this.forbidden
      ? { code: 4000, message: "Permission denied: Resource type: rule:file" }
      : { code: 1208, message: "The rule does not exist or you do not have permission to see it" };
    const failed = wanted.filter((id) => !known.some((item) => item.id === id));
    return {
      status: 200,
      body: {
        data: {
          affected_items: known,
          total_affected_items: known.length,
          total_failed_items: failed.length,
          failed_items: failed.length === 0 ? [] : [{ error, id: failed }],
        },
        error: failed.length === 0 ? 0 : 1,
      },
    };
  }
}
