import type { z } from "zod";
import { TyrianError } from "../../errors.js";
import { headerCredentials } from "../http/credentials.js";
import { type HttpOptions, openHttp } from "../http/open.js";
import type { SensorProbe } from "../embedded/index.js";
import type { Siem } from "../siem.js";
import { type Ask, RemoteSiem } from "./client.js";
import { type AnswerTo, API, questions } from "./protocol.js";
import type { RemoteSiemSettings } from "./settings.js";

/** Milliseconds that the server has to answer at all. */
const FIRST_ANSWER_MS = 20_000;

/**
 * Opens the port to a SIEM that `tyrian siem serve` serves. It is asked once, so that a wrong address or token is told before
 * anything is done on a host. The caller closes it.
 * @param probe asks the sensors of the run's lab what they lost, where the run can
 * @param own fingerprints of the run's analytics by id: a rule there of the same id and another text is told, and proves nothing of ours
 * @throws TyrianError `siem-...`, `secret-unresolved`
 */
export async function openRemoteSiem(
  name: string,
  settings: RemoteSiemSettings,
  probe?: SensorProbe,
  options?: HttpOptions,
  own: ReadonlyMap<string, string> = new Map(),
): Promise<Siem> {
  const http = openHttp(
    name,
    settings,
    (redactor) =>
      headerCredentials(settings.auth.token, redactor, (token) => ({ authorization: `Bearer ${token}` })),
    options,
  );
  const ask: Ask = async (question, asked, { deadlineMs, signal }) => {
    const limits = [AbortSignal.timeout(deadlineMs), ...(signal === undefined ? [] : [signal])];
    const { value } = await http.request({
      ...{ what: question, method: "POST", path: `${API}/${question}`, body: { json: asked } },
      // The table pairs each question with its answer, which its type cannot say of a question that is a variable.
      schema: questions[question].answer as unknown as z.ZodType<AnswerTo<typeof question>>,
      signal: AbortSignal.any(limits),
    });
    return value;
  };
  try {
    const { type } = await ask("delivery", {}, { deadlineMs: FIRST_ANSWER_MS });
    const longestLagMs = type === "read" ? null : settings.delivery.longestLagSeconds * 1000;
    const others = await othersOf(ask, own);
    return new RemoteSiem(name, longestLagMs, ask, probe, () => http.close(), others);
  } catch (thrown) {
    await http.close();
    throw thrown;
  }
}

/** The analytics of which the served SIEM has another text. One that is older does not tell texts. */
async function othersOf(ask: Ask, own: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
  if (own.size === 0) return new Set();
  try {
    const { fingerprints } = await ask("rules", {}, { deadlineMs: FIRST_ANSWER_MS });
    const served = new Map(Object.entries(fingerprints));
    return new Set([...own].flatMap(([id, text]) => (served.has(id) && served.get(id) !== text ? [id] : [])));
  } catch (thrown) {
    if (thrown instanceof TyrianError && thrown.code === "siem-not-found") return new Set();
    throw thrown;
  }
}
