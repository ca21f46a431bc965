import { dirname, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { HostEvent } from "../../src/model/event.js";
import type { Act } from "../../src/model/trial.js";
import { loadPlaybooks } from "../../src/playbook/load.js";
import { renderAction, twinAsProcedure, variantsOf } from "../../src/playbook/render.js";
import {
  azureActivity,
  cloudTrail,
  googleAudit,
  keystoneNotification,
  keystoneRequest,
  okta,
  readApiLog,
} from "../telemetry/cloud/reading.js";
import { rules, shelf, short } from "./shelf.js";
import { heldToRecords } from "./constructed-events.js";

/**
 * The playbook of cloud APIs against constructed records: each analytic fires on what its own procedure would leave, and stays
 * quiet on what its twin would leave. On a real Keystone it runs in test/lab/slow/cloud.test.ts; no other cloud took part.
 */

type Record = Pick<HostEvent, "id" | "logsource" | "fields">;

const work = "/tmp/tmp.AbCdEf0123";
const { playbooks } = await loadPlaybooks([resolve(shelf, "T1059.009-cloud-api")]);
const procedures = playbooks.flatMap((playbook) =>
  playbook.procedures.map((procedure) => ({ playbook, procedure })),
);

const openstackAgent = "python-keystoneclient";
const keystone = (lines: readonly string[]): Record[] => readApiLog("keystone", lines).events;
const aws = (source: string, name: string): Record[] =>
  readApiLog("cloudtrail", [cloudTrail(`${source}.amazonaws.com`, name)]).events;
const google = (service: string, name: string): Record[] =>
  readApiLog("google-audit", [googleAudit(`${service}.googleapis.com`, name)]).events;
const oktaBy = (...event: Parameters<typeof okta>): Record[] => readApiLog("okta", [okta(...event)]).events;

/** What a line of a procedure leaves in the API's log; a line that is in none of these forms is an error. */
function callsOf(line: string): Record[] {
  const words = line.replace(/^openstack --os-cloud tyrian-lab /, "openstack ");
  const [, object, verb] = /^openstack (project|user|role assignment|role|service) (\w+)/.exec(words) ?? [];
  if (object !== undefined && verb !== undefined) {
    const login = keystoneNotification("authenticate", "openstacksdk/0.101.0 keystoneauth1/5.0.0");
    const path = `/v3/${object.replace(" ", "_")}s${verb === "show" ? "/1" : ""}`;
    const done = { create: `created.${object}`, delete: `deleted.${object}`, add: "created.role_assignment" };
    const action = (done as { readonly [verb: string]: string })[verb];
    if (action === undefined) return keystone([login, ...keystoneRequest("GET", path)]);
    return keystone([login, keystoneNotification(action, verb === "delete" ? null : openstackAgent)]);
  }
  if (line.startsWith("curl ")) {
    const path = new URL(/http:\S+$/.exec(line)?.[0] ?? "").pathname;
    if (line.includes("cloud-login.json"))
      return keystone([keystoneNotification("authenticate", "curl/7.88.1")]);
    if (line.includes('\'{"project"'))
      return keystone([keystoneNotification("created.project", "curl/7.88.1")]);
    return keystone(keystoneRequest("GET", path, line.includes("-H @") ? undefined : "-"));
  }
  if (line.startsWith("aws sts get-caller-identity")) return aws("sts", "GetCallerIdentity");
  if (line.startsWith("aws ec2 describe-regions")) return aws("ec2", "DescribeRegions");
  if (line.startsWith("aws iam list-users")) return aws("iam", "ListUsers");
  if (line.startsWith("aws iam get-account-summary")) return aws("iam", "GetAccountSummary");
  if (line.startsWith("gcloud projects list")) return google("cloudresourcemanager", "ListProjects");
  if (line.startsWith("gcloud compute regions list")) return google("compute", "v1.compute.regions.list");
  // Reading calls are not in Azure's log.
  if (/^(?:az|sed) /.test(line)) return [];
  throw new Error(`what an API logs of this is not said: ${line}`);
}

/** What an act leaves: calls in the API's log, and the client as a program on its host. */
function recordsOf({ code }: Act): Record[] {
  const lines = code.split("\n").map((line) => line.replace(/ && echo .*$/, ""));
  const programs = lines.map((line, index) => ({
    id: String(index),
    logsource: { product: "linux", category: "process_creation" },
    fields: { Image: "/usr/bin/python3.11", CommandLine: `/usr/bin/python3 /usr/bin/${line}` },
  }));
  return [...programs, ...lines.flatMap(callsOf)];
}

describe("on constructed records", () => {
  for (const { playbook, procedure } of procedures)
    for (const { analytic } of procedure.expect) {
      const file = resolve(dirname(playbook.file), analytic);
      test(`${procedure.id}: ${short(file)}`, () => {
        const rule = rules.find((entry) => entry.file === file)?.rule;
        const twin = twinAsProcedure(procedure);
        const fires = (action: typeof procedure): boolean | undefined => {
          const [variant = {}] = variantsOf(action);
          return recordsOf(renderAction(action, variant, work).act).some((event) => rule?.matches(event));
        };
        expect(fires(procedure)).toBe(true);
        expect(twin === null ? null : fires(twin)).toBe(false);
      });
    }
});

describe("rules that no procedure may make fire: they are about changes to a real account", () => {
  const names = (name: string): string => resolve(shelf, "T1059.009-cloud-api/analytics", `${name}.yml`);
  const azure = (operation: string): Record[] =>
    readApiLog("azure-activity", [azureActivity(operation)]).events;
  const denied = (name: string): Record[] =>
    readApiLog("cloudtrail", [cloudTrail("iam.amazonaws.com", name, { errorCode: "AccessDenied" })]).events;

  test.each<[string, Record[], boolean]>([
    ["aws-account-changed", aws("ec2", "RunInstances"), true],
    ["aws-account-changed", aws("iam", "PutRolePolicy"), true],
    ["aws-account-changed", aws("iam", "ListUsers"), false],
    ["aws-account-changed", denied("CreateUser"), false],
    ["azure-role-assignment-written", azure("Microsoft.Authorization/roleAssignments/write"), true],
    ["azure-role-assignment-written", azure("MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/DELETE"), false],
    ["google-policy-changed", google("cloudresourcemanager", "SetIamPolicy"), true],
    ["google-policy-changed", google("iam", "google.iam.admin.v1.SetIAMPolicy"), true],
    ["google-policy-changed", google("cloudresourcemanager", "GetIamPolicy"), false],
    ["okta-token-by-plain-http-client", oktaBy("app.oauth2.token.grant.access_token", "curl/8.5.0"), true],
    ["okta-token-by-plain-http-client", oktaBy("user.authentication.sso", "python-requests/2.31"), true],
    ["okta-token-by-plain-http-client", oktaBy("user.authentication.sso", "Mozilla/5.0 curl/8"), false],
    ["okta-token-by-plain-http-client", oktaBy("user.authentication.sso", "curl/8.5.0", "FAILURE"), false],
    ["okta-token-by-plain-http-client", oktaBy("user.session.start", "curl/8.5.0"), false],
  ])("%s (%#)", (name, records, fires) => {
    expect(heldToRecords.map((file) => file.includes(`/${name}.yml`))).toContain(true);
    const rule = rules.find(({ file }) => file === names(name))?.rule;
    expect(records.map((record) => rule?.matches(record))).toEqual([fires]);
  });
});

test("what needs a real account says so, and is held to the lab's own", () => {
  const real = procedures.filter(({ procedure }) => procedure.tags.includes("real-account"));
  expect(real.map(({ procedure }) => procedure.id)).toHaveLength(4);
  for (const { procedure } of real) {
    expect(procedure.effects).toEqual(["cloud-read"]);
    expect(procedure.requires.map(({ description }) => description).join(" ")).toMatch(
      /a real account is needed/,
    );
    expect(procedure.requires.at(-1)?.check).toMatch(/= "\$\(cat \/etc\/tyrian\/[a-z-]+\)"$/);
  }
});
