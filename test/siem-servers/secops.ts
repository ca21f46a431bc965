import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { z } from "zod";
import { secOpsRules } from "./installed/secops.js";
import { formBody, queryOf, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldAlert, WorldDocument } from "./world.js";

export const INSTANCE = "projects/soc-1/locations/eu/instances/0c1d2e3f-0000-4000-8000-000000000001";
const EMAIL = "tyrian@soc-1.iam.gserviceaccount.com";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** The file of a service account's key. */
export function keyFile(id: string): string {
  return JSON.stringify({
    type: "service_account",
    client_email: EMAIL,
    private_key_id: id,
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: "https://oauth2.googleapis.com/token",
  });
}

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
const EXPRESSION = String.raw`/(?:[^/\\]|\\.)*/`;
const RECORD = String.raw`additional\.fields\["record"\]`;
const EVENTS = new RegExp(
  String.raw`^(?:\((.*)\) and )?metadata\.log_type = "AUDIT_LAUREL" and \((principal\.hostname = ${TEXT} nocase(?: or principal\.hostname = ${TEXT} nocase)*)\)$`,
);
const SENTINELS = new RegExp(
  String.raw`^${RECORD} = (${EXPRESSION}) and \((${RECORD} = ${EXPRESSION}(?: or ${RECORD} = ${EXPRESSION})*)\)$`,
);
const COMMAND_LINE = new RegExp(
  String.raw`^target\.process\.command_line = (?:(${TEXT})|(${EXPRESSION}))(?: nocase)?$`,
);
const udmQuery = z.strictObject({
  query: z.string(),
  "timeRange.startTime": z.iso.datetime(),
  "timeRange.endTime": z.iso.datetime(),
  limit: z.coerce.number().int().positive(),
});
const detectionsQuery = z.strictObject({
  ruleId: z.string().regex(/^(?:-|[\w-]+@-)$/),
  startTime: z.iso.datetime(),
  endTime: z.iso.datetime(),
  listBasis: z.literal("CREATED_TIME"),
  pageSize: z.coerce.number().int().max(1_000),
  pageToken: z.string().optional(),
});

/** The Chronicle API of one instance. What is empty or false is left out, as Google does. */
export class SecOpsStandIn extends SiemStandIn {
  /** Detections of one page, whatever is asked for. */
  pageSize = 1_000;
  truncated = false;
  /** Over every detection, and over what its rule is. */
  detectionOver: Readonly<Record<string, unknown>> = {};
  ruleOver: Readonly<Record<string, unknown>> = {};
  /** Over every deployment. */
  deploymentOver: Readonly<Record<string, unknown>> = {};
  /** Whether the parser keeps the record. */
  keepsRecord = true;

  constructor(readonly world: World) {
    super();
  }

  protected authorize({ headers }: SeenRequest): void {
    if (headers.authorization !== `Bearer ${this.token}`)
      throw new Refusal(401, "Request had invalid authentication credentials.");
  }

  protected answer(request: SeenRequest): Reply {
    const { method, path } = request;
    const base = `/v1alpha/${INSTANCE}`;
    if (!path.startsWith(base)) throw new Refusal(404, "Requested entity was not found.");
    const rest = path.slice(base.length);
    const installed = secOpsRules(request, this.installed, rest, INSTANCE);
    if (installed !== null) return installed;
    if (method !== "GET") throw new Refusal(404, "Requested entity was not found.");
    const rule = /^\/rules\/([^/]+)\/deployment$/.exec(rest)?.[1];
    if (rule !== undefined) return this.#deployment(decodeURIComponent(rule));
    const written = /^\/rules\/([^/]+)$/.exec(rest)?.[1];
    if (written !== undefined) return this.#written(decodeURIComponent(written));
    if (rest === ":udmSearch") return this.#search(request);
    if (rest === "/legacy:legacySearchDetections") return this.#detections(request);
    if (rest !== "/rules") throw new Refusal(404, "Requested entity was not found.");
    queryOf(request, z.strictObject({ pageSize: z.literal("1") }));
    const date = new Date(Date.now() + this.world.clockOffsetMs).toUTCString();
    return { status: 200, body: { rules: [{}], nextPageToken: "1" }, headers: { date } };
  }

  protected refusal(status: number, message: string): Reply {
    const name = status === 404 ? "NOT_FOUND" : "INVALID_ARGUMENT";
    return { status, body: { error: { code: status, message, status: name } } };
  }

  #search(request: SeenRequest): Reply {
    const asked = queryOf(request, udmQuery);
    const [, only, hosts = ""] = EVENTS.exec(asked.query) ?? [];
    if (hosts === "") throw new Refusal(400, `generic::invalid_argument: ${asked.query}`);
    const names = texts(hosts);
    const isWanted = only === undefined ? () => true : conditionOf(only);
    const from = Date.parse(asked["timeRange.startTime"]);
    const to = Date.parse(asked["timeRange.endTime"]);
    const rows = this.world.documents.filter(
      (document) =>
        names.includes(document.host) && document.time >= from && document.time < to && isWanted(document),
    );
    const limit = Math.min(asked.limit, 10_000);
    const events = rows.slice(0, limit).map((document) => ({ udm: this.#event(document) }));
    return {
      status: 200,
      body: {
        ...(events.length === 0 ? {} : { events }),
        ...(rows.length > limit ? { moreDataAvailable: true } : {}),
      },
    };
  }

  #event({ id, host, time, ingestedAt, text }: WorldDocument): unknown {
    return {
      metadata: {
        id: Buffer.from(id).toString("base64"),
        eventTimestamp: new Date(time).toISOString(),
        ...(this.world.ingestTimes ? { ingestedTimestamp: new Date(ingestedAt).toISOString() } : {}),
        eventType: "PROCESS_LAUNCH",
        logType: "AUDIT_LAUREL",
      },
      principal: { hostname: host },
      ...(this.keepsRecord ? { additional: { record: text } } : {}),
    };
  }

  #detections(request: SeenRequest): Reply {
    const { ruleId, startTime, endTime, pageSize, pageToken = "0" } = queryOf(request, detectionsQuery);
    const rows = this.world.alerts.filter(
      ({ rule, createdAt }) =>
        (ruleId === "-" || ruleId === `${rule}@-`) &&
        createdAt >= Date.parse(startTime) &&
        createdAt < Date.parse(endTime),
    );
    const at = Number(pageToken);
    const next = at + Math.min(pageSize, this.pageSize);
    const detections = rows.slice(at, next).map((alert) => this.#detection(alert));
    return {
      status: 200,
      body: {
        ...(detections.length === 0 ? {} : { detections }),
        ...(next < rows.length ? { nextPageToken: String(next) } : {}),
        ...(this.truncated ? { respTooLargeDetectionsTruncated: true } : {}),
      },
    };
  }

  #detection({ id, rule, createdAt, documents }: WorldAlert): unknown {
    const references = documents.map((document) => ({ event: this.#event(document) }));
    return {
      type: "RULE_DETECTION",
      id,
      createdTime: new Date(createdAt).toISOString(),
      detectionTime: new Date(documents[0]?.time ?? createdAt).toISOString(),
      detection: [
        {
          ruleId: rule,
          ruleName: this.world.rules.find(({ name }) => name === rule)?.title ?? rule,
          ruleType: "SINGLE_EVENT",
          alertState: "ALERTING",
          ...this.ruleOver,
        },
      ],
      collectionElements: [{ label: "e", references }],
      ...this.detectionOver,
    };
  }

  #written(name: string): Reply {
    const rule = this.world.rules.find((one) => one.name === name);
    if (rule === undefined) return this.refusal(404, `rule ${name} not found`);
    const { title, query = 'e.metadata.event_type = "PROCESS_LAUNCH"' } = rule;
    const text = `rule ${title} {\n  events:\n    ${query}\n  condition:\n    $e\n}\n`;
    const body = { name: `${INSTANCE}/rules/${name}`, displayName: title, text, etag: String(Date.now()) };
    return { status: 200, body };
  }

  #deployment(name: string): Reply {
    const rule = this.world.rules.find((one) => one.name === name);
    if (rule === undefined) return this.refusal(404, `rule ${name} not found`);
    const enabled = rule.enabled ? { enabled: true, alerting: true } : {};
    const body = {
      name: `${INSTANCE}/rules/${name}/deployment`,
      ...enabled,
      runFrequency: "LIVE",
      executionState: "DEFAULT",
      ...this.deploymentOver,
    };
    return { status: 200, body };
  }
}

/** A query over the tests' events, as far as they write one. */
function conditionOf(query: string): (document: WorldDocument) => boolean {
  const [, word = "", trials = ""] = SENTINELS.exec(query) ?? [];
  if (word !== "") {
    const [first] = expressions(word);
    const any = expressions(trials);
    return ({ text }) => first?.test(text) === true && any.some((trial) => trial.test(text));
  }
  const [, text, expression] = COMMAND_LINE.exec(query) ?? [];
  if (text === undefined && expression === undefined)
    throw new Refusal(400, `generic::invalid_argument: ${query}`);
  return ({ argv }) =>
    text === undefined
      ? expressions(expression ?? "")[0]?.test(argv.join(" ")) === true
      : texts(text)[0] === argv.join(" ");
}

function texts(query: string): string[] {
  return [...query.matchAll(new RegExp(TEXT, "g"))].map(([text]) => JSON.parse(text) as string);
}

/** RE2's flags before an expression become JavaScript's, and so does its end of the text. */
function expressions(query: string): RegExp[] {
  return [...query.matchAll(new RegExp(EXPRESSION, "g"))].map(([literal]) => {
    const [, flags = "", source = ""] = /^\/(?:\(\?([is]+)\))?(.*)\/$/s.exec(literal) ?? [];
    return new RegExp(source.replaceAll(String.raw`\z`, "$"), flags);
  });
}

/** Where Google gives tokens. */
export class GoogleLoginStandIn extends SiemStandIn {
  constructor(private readonly api: SecOpsStandIn) {
    super();
  }

  protected authorize(): void {
    // The assertion is the proof.
  }

  protected answer(request: SeenRequest): Reply {
    if (`${request.method} ${request.path}` !== "POST /token") throw new Refusal(404, "Not Found");
    const { assertion } = formBody(
      request,
      z.strictObject({
        grant_type: z.literal("urn:ietf:params:oauth:grant-type:jwt-bearer"),
        assertion: z.string(),
      }),
    );
    const [head = "", claims = "", signature = ""] = assertion.split(".");
    const isSigned = verify(
      "RSA-SHA256",
      Buffer.from(`${head}.${claims}`),
      createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
      Buffer.from(signature, "base64url"),
    );
    const { kid } = decoded(
      head,
      z.strictObject({ alg: z.literal("RS256"), typ: z.literal("JWT"), kid: z.string() }),
    );
    const { iat, exp } = decoded(
      claims,
      z.strictObject({
        iss: z.literal(EMAIL),
        scope: z.literal("https://www.googleapis.com/auth/cloud-platform"),
        aud: z.literal(`${this.url}/token`),
        iat: z.int(),
        exp: z.int(),
      }),
    );
    // The key of another id was disabled.
    if (!isSigned || kid !== this.api.token || exp - iat > 3_600)
      return this.refusal(400, "Invalid JWT Signature.");
    return { status: 200, body: { access_token: this.api.token, expires_in: 3599, token_type: "Bearer" } };
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { error: "invalid_grant", error_description: message } };
  }
}

function decoded<T>(part: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(JSON.parse(Buffer.from(part, "base64url").toString()));
  if (!parsed.success) throw new Refusal(400, parsed.error.message);
  return parsed.data;
}
