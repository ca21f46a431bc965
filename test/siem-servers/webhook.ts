import { createHmac } from "node:crypto";
import { type Announcement, announcementSchema } from "../../src/siem/announce/announcement.js";
import { jsonBody, Refusal, type Reply, type SeenRequest, SiemStandIn } from "./stand-in.js";

/** Seconds by which a time may differ (Standard Webhooks, "Verifying webhooks"). */
const TOLERANCE_S = 300;

/** A server that takes webhooks, and checks their signature as Standard Webhooks 1.0 says. */
export class WebhookStandIn extends SiemStandIn {
  readonly taken: Announcement[] = [];

  protected authorize({ headers, body }: SeenRequest): void {
    const id = String(headers["webhook-id"]);
    const seconds = String(headers["webhook-timestamp"]);
    const key = this.token.startsWith("whsec_") ? Buffer.from(this.token.slice(6), "base64") : this.token;
    const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
    if (headers["webhook-signature"] !== `v1,${signature}`) throw new Refusal(403, "wrong signature");
    if (!(Math.abs(Date.now() / 1000 - Number(seconds)) <= TOLERANCE_S)) throw new Refusal(403, "too old");
  }

  protected answer(request: SeenRequest): Reply {
    if (`${request.method} ${request.path}` !== "POST /hooks/soc") throw new Refusal(404, "Not Found");
    this.taken.push(jsonBody(request, announcementSchema));
    return { status: 202, body: "taken" };
  }

  protected refusal(status: number, message: string): Reply {
    return { status, body: { message } };
  }
}
