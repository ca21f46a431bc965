import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Json } from "../windows/json.js";
import { type BulkItem, BulkError, readBulk, readDocument } from "./elasticsearch-bulk.js";
import { BodyError } from "./http-body.js";
import { filteredBy } from "./filter-path.js";
import type { HttpApp, HttpContext, HttpIntake } from "./http.js";

/** What the receiver says it is. Beats want a server that is not older than they are, or `allow_older_versions`. */
const VERSION = "8.19.0";
const CLUSTER = { name: "tyrian", cluster_name: "tyrian", cluster_uuid: "tyrian-receiver-0000000" };
const license = {
  status: "active",
  ...{ uid: "00000000-0000-4000-8000-000000000000", type: "basic", mode: "basic" },
  ...{ issued_to: "tyrian", issuer: "elasticsearch", max_nodes: 1000, start_date_in_millis: -1 },
};
/** Documents that shippers put before they send: templates, policies, pipelines. They are kept while this process lives. */
const kept = [
  "/_ilm/policy/:name",
  "/_index_template/:name",
  "/_component_template/:name",
  "/_template/:name",
  "/_ingest/pipeline/:name",
];
const MOST_KEPT = 1_000;

/**
 * As much of Elasticsearch as Beats, Logstash, Vector, Fluent Bit and rsyslog ask of it before and while they send: who it is,
 * its licence and health, templates and policies, `_bulk` and single documents. Errors are in the form of the real server.
 */
export function elasticsearch(intake: HttpIntake): HttpApp {
  const app = intake.app();
  const documents = new Map<string, Json>();

  app.use(async (context, next) => {
    const known = intake.credentials.ofHeader(context.req.header("authorization"), [
      "basic",
      "apikey",
      "bearer",
    ]);
    if (known === null) {
      context.header("WWW-Authenticate", 'Basic realm="security", charset="UTF-8"');
      context.header("WWW-Authenticate", "ApiKey", { append: true });
      return failed(
        context,
        401,
        "security_exception",
        "missing or wrong authentication credentials for REST request",
      );
    }
    await next();
    // Clients of Elastic refuse a server that does not say this.
    context.res.headers.set("X-Elastic-Product", "Elasticsearch");
    return undefined;
  });

  app.get("/", (context) =>
    answer(context, {
      ...CLUSTER,
      version: { number: VERSION, build_flavor: "default", build_type: "tar", lucene_version: "9.12.2" },
      tagline: "You Know, for Search",
    }),
  );
  app.get("/_license", (context) => answer(context, { license }));
  app.get("/_xpack", (context) =>
    answer(context, {
      license: { uid: license.uid, type: "basic", mode: "basic", status: "active" },
      features: {
        ilm: { available: true, enabled: true },
        security: { available: true, enabled: true },
        monitoring: { available: true, enabled: false },
      },
    }),
  );
  app.get("/_cluster/health", (context) =>
    answer(context, {
      cluster_name: CLUSTER.cluster_name,
      status: "green",
      timed_out: false,
      number_of_nodes: 1,
    }),
  );
  app.get("/_cat/health", (context) => context.text("tyrian green 1 1 0 0 0 0 0 0 - 100.0%\n"));
  for (const path of kept) {
    app.put(path, async (context) => {
      const document = await jsonBody(context, intake);
      if (documents.size >= MOST_KEPT) documents.delete(documents.keys().next().value as string);
      documents.set(context.req.path, document);
      return answer(context, { acknowledged: true });
    });
    app.get(path, (context) => {
      const document = documents.get(context.req.path);
      if (document === undefined)
        return failed(context, 404, "resource_not_found_exception", `[${context.req.path}] not found`);
      return answer(context, { [context.req.param("name") ?? ""]: document });
    });
  }

  const bulk = async (context: HttpContext): Promise<Response> => {
    const type = context.req.header("content-type") ?? "";
    if (!/^application\/(?:vnd\.elasticsearch\+)?(?:x-ndjson|json)\b/i.test(type))
      return failed(
        context,
        406,
        "media_type_header_exception",
        `Content-Type header [${type}] is not supported`,
      );
    return await write(context, (body) => ({
      items: readBulk(body, context.req.param("index"), intake.peer(context)),
      render: (items) => [
        { took: 0, errors: items.some((item) => item.failed), items: items.map((item) => item.answer) },
        200,
      ],
    }));
  };
  const document = (context: HttpContext): Promise<Response> =>
    write(context, (body) => {
      const { index = "", id } = context.req.param() as { index?: string; id?: string };
      return {
        items: [readDocument(body.toString("utf8"), index, id ?? null, intake.peer(context))],
        render: ([item]) => {
          const [result] = Object.values(item?.answer ?? {}) as [Json];
          return item?.failed === true ? [{ error: result["error"], status: 400 }, 400] : [result, 201];
        },
      };
    });
  const write = async (context: HttpContext, read: (body: Buffer) => Written): Promise<Response> => {
    if (intake.retryAfter > 0) return busy(context, intake);
    return await intake.bodies.with(context.env.incoming, async (body) => {
      const { items, render } = read(body);
      await intake.store(items.flatMap(({ record }) => (record === null ? [] : [record])));
      const [result, status] = render(items);
      return answer(context, filteredBy(result, context.req.query("filter_path")), status);
    });
  };
  for (const path of ["/_bulk", "/:index/_bulk"]) app.post(path, bulk).put(path, bulk);
  app.post("/:index/_doc", document);
  for (const path of ["/:index/_doc/:id", "/:index/_create/:id"])
    app.post(path, document).put(path, document);

  // An index, an alias or a data stream is made by the first document: it is always there.
  const exists = (context: HttpContext): Response => answer(context, {});
  for (const path of ["/_data_stream/:index", "/_alias/:index"]) app.get(path, exists).put(path, acknowledge);
  app.get("/:index{[^_/][^/]*}", exists).put("/:index{[^_/][^/]*}", acknowledge);

  app.notFound((context) => {
    const error = `no handler found for uri [${context.req.path}] and method [${context.req.method}]`;
    return answer(context, { error, status: 400 }, 400);
  });
  app.onError((error, context) => {
    if (error instanceof BulkError) return failed(context, 400, "illegal_argument_exception", error.message);
    if (!(error instanceof BodyError)) return busy(context, intake);
    switch (error.problem) {
      case "too-large":
        return failed(
          context,
          413,
          "content_too_long_exception",
          "the request is larger than http.max_content_length",
        );
      case "no-room":
        return busy(context, intake);
      case "encoding":
      case "damaged":
        return failed(context, 400, "illegal_argument_exception", "the body could not be decompressed");
    }
  });
  return app;
}

interface Written {
  readonly items: readonly BulkItem[];
  readonly render: (items: readonly BulkItem[]) => [Json, ContentfulStatusCode];
}

function acknowledge(context: HttpContext): Response {
  const index = context.req.param("index");
  return answer(context, { acknowledged: true, shards_acknowledged: true, index });
}

async function jsonBody(context: HttpContext, intake: HttpIntake): Promise<Json> {
  return await intake.bodies.with(context.env.incoming, (body) => {
    try {
      return Promise.resolve(JSON.parse(body.toString("utf8")) as Json);
    } catch {
      throw new BulkError("request body is no JSON");
    }
  });
}

function busy(context: HttpContext, intake: HttpIntake): Response {
  context.header("Retry-After", String(Math.max(1, intake.retryAfter)));
  return failed(
    context,
    429,
    "es_rejected_execution_exception",
    "rejected execution: the receiver's queue is full",
  );
}

function failed(context: HttpContext, status: ContentfulStatusCode, type: string, reason: string): Response {
  const cause = { type, reason };
  return answer(context, { error: { root_cause: [cause], ...cause }, status }, status);
}

function answer(context: HttpContext, body: unknown, status: ContentfulStatusCode = 200): Response {
  context.header("X-Elastic-Product", "Elasticsearch");
  // The form that a client asks for (`compatible-with`) is the form that it gets.
  const accepted = /^application\/vnd\.elasticsearch\+json;\s*compatible-with=\d+$/i.exec(
    context.req.header("accept") ?? "",
  );
  context.header("Content-Type", accepted === null ? "application/json" : accepted[0]);
  return context.body(JSON.stringify(body), status);
}
