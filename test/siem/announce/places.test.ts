import { afterEach, describe, expect, test } from "vitest";
import type { Announcement } from "../../../src/siem/announce/announcement.js";
import { openPlaces } from "../../../src/siem/announce/open.js";
import { type Place, tellAll } from "../../../src/siem/announce/place.js";
import { announceSettingsSchema } from "../../../src/siem/announce/settings.js";
import { WebhookStandIn } from "../../siem-servers/webhook.js";
import {
  type ConnectorBench,
  openDatadogBench,
  openElasticBench,
  openOpenSearchBench,
  openSplunkBench,
  settingsOf,
} from "../connector/benches.js";

/** Places that a run is announced to, before strict stand-ins. */

const HOOK = "TYRIAN_TEST_HOOK";
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const announcement: Announcement = {
  type: "tyrian.run.begins",
  timestamp: new Date().toISOString(),
  data: {
    run: "r1",
    title: "playbook",
    lab: "own",
    siem: "office",
    contact: "lab@example.org",
    hosts: ["web-1", "web-2"],
    techniques: ["T1059.004"],
    trials: 2,
    from: "2026-11-24T20:00:00.000Z",
    to: "2026-11-24T20:02:00.000Z",
    ended: null,
  },
};

async function open(places: readonly unknown[], bench?: ConnectorBench): Promise<Place[]> {
  const settings = announceSettingsSchema.parse({ contact: "lab@example.org", places });
  const siems = new Map(bench === undefined ? [] : [["office", settingsOf(bench.given)]]);
  const opened = await openPlaces(settings.places, siems, { pause: () => Promise.resolve() });
  closers.push(() => Promise.all(opened.map((place) => place.close())));
  return opened;
}

async function openHook(): Promise<{ readonly hook: WebhookStandIn; readonly places: Place[] }> {
  const hook = new WebhookStandIn();
  await hook.start();
  closers.push(() => hook.stop());
  process.env[HOOK] = hook.token;
  const settings = { kind: "webhook", name: "soc", url: `${hook.url}/hooks/soc`, secret: `env:${HOOK}` };
  return { hook, places: await open([settings]) };
}

describe("a webhook", () => {
  test("gets the announcement, signed", async () => {
    const { hook, places } = await openHook();
    expect(await tellAll(places, announcement)).toEqual([{ place: "soc", told: true, detail: "" }]);
    expect(hook.taken).toEqual([announcement]);
    expect(hook.seen[0]?.headers["webhook-id"]).toBe("tyrian.run.begins.r1");
  });

  test("takes a key in base64 too", async () => {
    const { hook, places } = await openHook();
    hook.token = `whsec_${Buffer.from("a key of some bytes").toString("base64")}`;
    process.env[HOOK] = hook.token;
    expect(await tellAll(places, announcement)).toMatchObject([{ told: true }]);
  });

  test("that does not know the key has not been told, and the key is not shown", async () => {
    const { hook, places } = await openHook();
    process.env[HOOK] = "another-key";
    const [told] = await tellAll(places, announcement);
    expect(told).toMatchObject({ told: false });
    expect(told?.detail).toContain("wrong signature");
    expect(JSON.stringify(told)).not.toContain("another-key");
    expect(hook.taken).toEqual([]);
  });

  test.each<[string, Parameters<WebhookStandIn["misbehave"]>[0], string]>([
    [
      "redirects",
      { type: "status", status: 302, headers: { location: "http://127.0.0.1:1/" } },
      "redirected",
    ],
    ["is down for good", { type: "status", status: 503 }, "answered 503"],
  ])("that %s has not been told", async (_, what, detail) => {
    const { hook, places } = await openHook();
    hook.misbehave(what);
    const [told] = await tellAll(places, announcement);
    expect(told?.told).toBe(false);
    expect(told?.detail).toContain(detail);
  });

  test("that fails once is told under the same id", async () => {
    const { hook, places } = await openHook();
    hook.misbehave({ type: "status", status: 503 }, { times: 1 });
    expect(await tellAll(places, announcement)).toMatchObject([{ told: true }]);
    expect(new Set(hook.seen.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(hook.seen).toHaveLength(2);
  });
});

describe("a SIEM's own input", () => {
  const toOffice = [{ kind: "siem", siem: "office" }];

  test.each([
    ["Elasticsearch", openElasticBench],
    ["OpenSearch", openOpenSearchBench],
  ])("of %s keeps the announcement once", async (_, openBench) => {
    const bench = await openBench();
    closers.push(() => bench.close());
    const places = await open(toOffice, bench);
    await tellAll(places, announcement);
    expect(await tellAll(places, announcement)).toEqual([{ place: "office", told: true, detail: "" }]);
    expect([...bench.standIn.written]).toEqual([
      [
        "tyrian/tyrian.run.begins.r1",
        expect.objectContaining({
          "@timestamp": announcement.timestamp,
          message: expect.stringContaining("the exercise r1 begins on web-1, web-2 (T1059.004)") as unknown,
          tyrian: { type: announcement.type, ...announcement.data },
        }),
      ],
    ]);
    expect(bench.standIn.refused).toEqual([]);
  });

  test("of Splunk has it in its index", async () => {
    const bench = await openSplunkBench();
    closers.push(() => bench.close());
    expect(await tellAll(await open(toOffice, bench), announcement)).toMatchObject([{ told: true }]);
    expect(bench.standIn.received.get("tyrian")).toMatchObject([{ run: "r1", contact: "lab@example.org" }]);
  });

  test("of Splunk without the index has not been told", async () => {
    const bench = await openSplunkBench();
    closers.push(() => bench.close());
    const places = await open([{ kind: "siem", siem: "office", index: "nowhere" }], bench);
    const [told] = await tellAll(places, announcement);
    expect(told?.told).toBe(false);
    expect(told?.detail).toContain("supplied index 'nowhere' missing");
  });

  test("is refused where nothing is sent to its kind", async () => {
    const bench = await openDatadogBench();
    closers.push(() => bench.close());
    await expect(open(toOffice, bench)).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("a SIEM of the kind datadog") as unknown,
    });
  });
});

test("two places of one name are refused", () => {
  const place = { kind: "siem", siem: "office" };
  const parsed = announceSettingsSchema.safeParse({ contact: "lab", places: [place, place] });
  expect(parsed.error?.issues[0]?.message).toBe("there is a place office already");
});
