import { z } from "zod";
import { re2 } from "./re2.js";
import { formBody, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";
import type { World, WorldAlert } from "./world.js";

const formSchema = z.strictObject({
  query: z.string(),
  time: z.string().regex(/^\d+(\.\d{1,3})?$/, 'cannot parse "time" to a valid timestamp'),
});

/** What has Prometheus' API, with the series ALERTS that a ruler writes to it. Labels of an alert are those of one event. */
export class AlertHistoryStandIn extends SiemStandIn {
  warnings: string[] = [];
  isPartial = false;
  /** Evaluations at which each alert fires. */
  evaluations = 3;

  /** @param expected the header Authorization */
  constructor(
    readonly world: World,
    private readonly expected: () => string,
  ) {
    super();
  }

  protected authorize({ headers }: SeenRequest): void {
    if (headers.authorization !== this.expected()) throw new Refusal(401, "Unauthorized");
  }

  protected answer(request: SeenRequest): Reply {
    if (`${request.method} ${request.path}` !== "POST /api/v1/query")
      throw new Refusal(404, "page not found");
    const { query, time } = formBody(request, formSchema);
    const [, label = "", values = "", seconds = ""] =
      /^ALERTS\{alertstate="firing",(\w+)=~"((?:[^"\\]|\\.)*)"\}\[(\d+)s\]$/.exec(query) ?? [];
    if (label === "") throw new Refusal(422, `parse error: ${query}`);
    const expression = re2(JSON.parse(`"${values}"`) as string);
    const end = Number(time) * 1000;
    const start = end - Number(seconds) * 1000;
    const series = this.world.alerts
      .map((alert) => ({ alert, metric: labelsOf(alert) }))
      .filter(({ metric }) => expression.test(metric[label] ?? ""))
      .flatMap(({ alert, metric }) => {
        const values = Array.from(
          { length: this.evaluations },
          (_, turn) => alert.createdAt + turn * INTERVAL_MS,
        )
          .filter((at) => at > start && at <= Math.min(end, Date.now() + INTERVAL_MS))
          .map((at): [number, string] => [at / 1000, "1"]);
        return values.length === 0 ? [] : [{ metric, values }];
      });
    return {
      status: 200,
      body: {
        status: "success",
        ...(this.isPartial ? { isPartial: true } : {}),
        ...(this.warnings.length === 0 ? {} : { warnings: this.warnings }),
        data: { resultType: "matrix", result: series },
      },
    };
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { status: "error", errorType: "bad_data", error: message } };
  }
}

/** Of the rules of the world. */
const INTERVAL_MS = 60_000;

function labelsOf({ rule, documents: [document] }: WorldAlert): Readonly<Record<string, string>> {
  const { ID } = JSON.parse(document?.text ?? "{}") as { ID?: string };
  return {
    __name__: "ALERTS",
    alertname: rule,
    alertstate: "firing",
    ...(document === undefined ? {} : { host: document.host }),
    ...(ID === undefined ? {} : { ID }),
  };
}
