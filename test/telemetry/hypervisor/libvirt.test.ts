import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hypervisorLogFormats } from "../../../src/model/inventory.js";
import { fieldsOf, NOON, readHypervisorLog } from "./reading.js";

const uuid = "4a6241e8-3ecd-4a74-815a-48177be2fa27";

/** As libvirt 9.0.0 writes them with `log_filters="1:libvirt.domain 4:*"`. */
const lines = [
  "2026-11-24 11:44:10.001+0000: 12: info : libvirt version: 9.0.0, package: 4+deb12u2 (Debian)",
  "2026-11-24 11:44:10.339+0000: 22: debug : virDomainLookupByName:449 : conn=0x7f229802b8c0, name=tyrian-lab-1",
  `2026-11-24 11:44:10.340+0000: 18: debug : virDomainDestroy:503 : dom=0x7f2284003690, (VM: name=tyrian-lab-1, uuid=${uuid})`,
  "2026-11-24 11:44:10.341+0000: 16: debug : virConnectListAllDomains:6789 : conn=0x7f229802b8c0, domains=0x7f22, flags=0x3",
];

describe("the API log of libvirt", () => {
  test("tells the call and the domain, and nobody's session", () => {
    const { events, counts } = readHypervisorLog("libvirt", lines);
    expect(events.map(({ fields }) => fields)).toEqual([
      {
        Message: "virDomainLookupByName: conn=0x7f229802b8c0, name=tyrian-lab-1",
        Call: "virDomainLookupByName",
        Domain: "tyrian-lab-1",
      },
      {
        Message: `virDomainDestroy: dom=0x7f2284003690, (VM: name=tyrian-lab-1, uuid=${uuid})`,
        Call: "virDomainDestroy",
        Domain: "tyrian-lab-1",
        DomainUuid: uuid,
      },
      {
        Message: "virConnectListAllDomains: conn=0x7f229802b8c0, domains=0x7f22, flags=0x3",
        Call: "virConnectListAllDomains",
      },
    ]);
    expect(new Set(events.map(({ session }) => session))).toEqual(new Set([null]));
    expect(counts).toMatchObject({ ignored: 1, malformed: 0, events: 3 });
  });

  test("an event says where and when, and that it is no process", () => {
    const [event] = readHypervisorLog("libvirt", lines.slice(1)).events;
    expect(event).toMatchObject({
      id: `v1/libvirt/${NOON - 949_661}:1`,
      host: "v1",
      sensor: "hypervisor-log",
      kind: "message",
      logsource: { product: "libvirt", service: "api" },
      time: NOON - 949_661,
      pid: null,
      ppid: null,
      argv: [],
    });
  });

  test("a domain cannot hide behind a name that looks like an end", () => {
    const name = "a, uuid=00000000-0000-0000-0000-000000000000)";
    const line = `2026-11-24 11:44:10.340+0000: 18: debug : virDomainDestroy:503 : dom=0x7f, (VM: name=${name}, uuid=${uuid})`;
    expect(fieldsOf("libvirt", [line])).toEqual([
      { Call: "virDomainDestroy", Domain: name, DomainUuid: uuid },
    ]);
  });

  test("a definition of several lines is one event, and its other lines are no damage", () => {
    const { events, counts } = readHypervisorLog("libvirt", [
      "2026-11-24 11:44:10.339+0000: 13: debug : virDomainDefineXMLFlags:6321 : conn=0x7f22, xml=<domain type='qemu'>",
      "  <name>tyrian-lab-1</name>",
      "</domain>, flags=0x0",
    ]);
    expect(events.map(({ fields }) => fields["Call"])).toEqual(["virDomainDefineXMLFlags"]);
    expect(counts).toMatchObject({ ignored: 2, malformed: 0 });
  });

  test("what is no line of it counts as damaged", () => {
    const { events, counts } = readHypervisorLog("libvirt", [
      "2026-11-24 11:44:10.339+0000: nothing of libvirt",
      "2026-13-44 11:44:10.339+0000: 13: debug : virDomainDestroy:503 : dom=0x7f",
    ]);
    expect(events).toEqual([]);
    expect(counts).toMatchObject({ lines: 2, malformed: 2 });
  });
});

test("no line makes a reader throw, and each is counted once", () => {
  const head = fc.constantFrom("", "2026-11-24T11:00:00Z ", "2026-11-24 11:44:10.339+0000: ");
  const piece = fc.constantFrom(
    "shell[1]: ",
    "[root]: ",
    "12: debug : ",
    "virDomainDestroy:1 : ",
    "(VM: name=",
  );
  const text = fc.array(fc.oneof(piece, fc.string()), { maxLength: 4 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.constantFrom(...hypervisorLogFormats), head, text, (format, start, rest) => {
      const line = `${start}${rest}`;
      const { lines: count, events, malformed, ignored } = readHypervisorLog(format, [line]).counts;
      expect([count, events + malformed + ignored]).toEqual([1, line.trim() === "" ? 0 : 1]);
    }),
  );
});
