import { describe, expect, test } from "vitest";
import { effectsOf, work } from "./analysis.js";

/** The few uses of programs of the network that need none, and what is near to them and does. */

const script = (action: string): Record<string, string> => ({
  "note.nse": `categories = { "safe" }\nprerule = function() return true end\naction = function() ${action} end\n`,
});
const computes = script('return "a " .. 1');

describe("nmap", () => {
  test.each([
    ["nmap --version", []],
    ["nmap --script ./note.nse", []],
    [`nmap --script ${work}/note.nse -sn`, []],
    ["nmap --script ./note.nse -sn 192.0.2.1", ["network"]],
    ["nmap --script ./note.nse -iL ./targets", ["network"]],
    ["nmap --script ./note.nse --script-args a=b", ["network"]],
    ["nmap --script ./other.nse", ["network"]],
    ["nmap --script note.nse", ["network"]],
    ["nmap --script default", ["network"]],
    ["nmap --version 192.0.2.1", ["network"]],
    ["nmap $x", ["network"]],
  ])("%s", async (code, effects) => {
    expect(await effectsOf("shell", code, { files: computes })).toEqual(effects);
  });

  test("its script is read as Lua", async () => {
    const files = script('return os.execute("curl http://x")');
    expect(await effectsOf("shell", "nmap --script ./note.nse -sn", { files })).toEqual(["network"]);
    expect(
      await effectsOf("shell", "nmap --script ./note.nse -sn", { files: script('require "nmap"') }),
    ).toEqual(["unknown-command"]);
  });
});

const store = `podman --root ${work}/s --runroot ${work}/r --tmpdir ${work}/t --network-config-dir ${work}/n --runtime-flag root=${work}/c`;

describe("podman", () => {
  test.each([
    [`${store} ps -a`, []],
    [`${store} --runtime runc images`, []],
    [`${store} run --rm --network=none --rootfs ${work}/root sh -c id`, ["background-process"]],
    [`${store} exec lab sh -c 'echo a'`, []],
    // What runs in the container is judged as well.
    [
      `${store} run --network=none --rootfs ${work}/root sh -c 'crontab x'`,
      ["background-process", "persistence"],
    ],
    [`${store} exec lab rm -rf /`, ["destructive"]],
    [
      `unshare --user --map-root-user --mount ${store} run --network=none --cgroups=disabled --volume=/proc:/proc --rootfs ${work}/root id`,
      ["background-process"],
    ],
  ])("%s", async (code, effects) => {
    expect(await effectsOf("shell", code)).toEqual(effects);
  });

  test.each([
    "podman ps",
    `podman --root ${work}/s ps`,
    `${store.replace(`${work}/s`, "/var/lib/containers")} ps`,
    `${store.replace(`root=${work}`, "root=/run")} ps`,
    `${store} --runtime ./mine ps`,
    `${store} --url ssh://x ps`,
    `${store} pull busybox`,
    `${store} run --network=none busybox sh`,
    `${store} run --rootfs ${work}/root sh`,
    `${store} run --network=none --rootfs / sh`,
    `${store} run --network=none -v /:/host --rootfs ${work}/root sh`,
    `${store} exec --privileged lab sh`,
    `${store} ps $x`,
  ])("of the network or the host: %s", async (code) => {
    expect(await effectsOf("shell", code)).toContain("network");
  });
});

describe("unshare", () => {
  test("judges the command as if it ran outside", async () => {
    const own = "unshare --user --map-root-user --mount";
    expect(await effectsOf("shell", `${own} id`)).toEqual([]);
    expect(await effectsOf("shell", `${own} rm -rf /`)).toEqual(["destructive"]);
  });

  test.each([
    "unshare --mount id",
    "unshare --user --map-root-user --mount",
    "unshare --user --map-root-user --mount --root=/mnt id",
    "unshare --user --map-root-user --mount $x",
    "unshare --user --map-root-user $x id",
  ])("in any other form may change the machine: %s", async (code) => {
    expect(await effectsOf("shell", code)).toContain("destructive");
  });
});
