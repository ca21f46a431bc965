import { describe, expect, test } from "vitest";
import { effectsOf, work } from "./analysis.js";

/** What lint makes of the command lines of clouds. */

const lab = "openstack --os-cloud tyrian-lab";
const api = "http://127.0.0.1:5000/v3";
const login = `curl -q -s -o /dev/null -D ${work}/headers -d @/etc/tyrian/cloud-login.json ${api}/auth/tokens`;

test.each<[string, string[]]>([
  [`${lab} user list -f value -c Name`, ["cloud-read"]],
  [`${lab} role assignment list --names`, ["cloud-read"]],
  [`${lab} project show admin`, ["cloud-read"]],
  [`${lab} project create --domain default tyrian-a`, ["cloud-change"]],
  [`${lab} user delete tyrian-a tyrian-b`, ["cloud-change"]],
  [`${lab} role add --project tyrian-a --user tyrian-b reader`, ["cloud-change"]],
  ["aws sts get-caller-identity --query Account", ["cloud-read"]],
  ["aws iam list-users", ["cloud-read"]],
  ["az account show --query id -o tsv", ["cloud-read"]],
  ["gcloud projects list --format 'value(projectId)'", ["cloud-read"]],
  [`curl -q -s ${api}/users -H @${work}/token`, ["cloud-read"]],
  [login, ["cloud-read", "work-folder"]],
  [`curl -q -d '{"project":{"name":"tyrian-a"}}' ${api}/projects`, ["cloud-change"]],
])("%s", async (code, effects) => {
  expect(await effectsOf("shell", code)).toEqual(effects);
});

describe("what is not listed is an unknown command that uses the network", () => {
  test.each([
    // Another cloud than the lab's, and the account of whoever is logged in.
    "openstack --os-cloud production user list",
    "openstack user list",
    // Verbs that print a token or a secret, or do what none of ours does.
    `${lab} token issue`,
    `${lab} credential list`,
    `${lab} application credential create tyrian-a`,
    `${lab} user create --password x tyrian-a`,
    `${lab} server create tyrian-a`,
    // Objects that are not the procedure's own, or not known.
    `${lab} user delete admin`,
    `${lab} user delete tyrian-a admin`,
    `${lab} project create "$(cat name)"`,
    `${lab} role add --project admin --user tyrian-b admin`,
    `${lab} role add --domain default --project tyrian-a --user tyrian-b admin`,
    `${lab} role add --user tyrian-b admin`,
    `${lab} role add --project tyrian-a --user admin reader`,
    `${lab} role add --project tyrian-a reader --user`,
    `${lab} user delete`,
    "aws sts get-session-token",
    "aws secretsmanager get-secret-value --secret-id x",
    "aws iam create-user --user-name tyrian-a",
    "aws ec2 run-instances",
    "aws s3 ls --endpoint-url http://192.0.2.1",
    "aws iam list-users --cli-input-json file:///etc/passwd",
    "aws iam list-users --query file:///etc/passwd",
    "az account get-access-token",
    "az group create -n tyrian-a",
    "az vm list --query @/etc/passwd",
    "gcloud auth print-access-token",
    "gcloud compute instances create tyrian-a",
  ])("%s", async (code) => {
    expect(await effectsOf("shell", code)).toEqual(expect.arrayContaining(["network", "unknown-command"]));
  });
});

describe("curl to anywhere else, or with anything else, uses the network", () => {
  test.each([
    "curl https://example.org/v3/users",
    `curl ${api}@192.0.2.1/`,
    `curl ${api}/users http://192.0.2.1/`,
    `curl ${api}/../v2`,
    `curl -x http://192.0.2.1 ${api}/users`,
    `curl -K ${work}/curl.conf ${api}/users`,
    `curl -X DELETE ${api}/users/1`,
    `curl -X POST ${api}/users`,
    `curl -d @/etc/passwd ${api}/users`,
    `curl -d @/etc/tyrian/cloud-login.json ${api}/users`,
    `curl -d '{"user":{"name":"admin"}}' ${api}/users`,
    `curl -d '{"user":{"name":"tyrian-a","password":"x"}}' ${api}/users`,
    `curl -d '{"project":{"name":"tyrian-a"}}' ${api}/users`,
    `curl -T ${work}/file ${api}/users`,
    `curl "$URL"`,
  ])("%s", async (code) => {
    expect(await effectsOf("shell", code)).toContain("network");
  });

  test("files that it reads and writes are judged as any other", async () => {
    expect(await effectsOf("shell", `curl -o /etc/x ${api}/users`)).toContain("outside-work-folder");
    expect(await effectsOf("shell", `curl -H @/etc/shadow ${api}/users`)).toContain("credentials");
  });
});
