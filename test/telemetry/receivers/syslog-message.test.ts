import { expect, test } from "vitest";
import { readSyslog } from "../../../src/telemetry/receivers/syslog-message.js";

const read = (text: string) => readSyslog(Buffer.from(text), "192.0.2.7");

test("a message of RFC 5424 gives its host, program, time with fraction and zone, and structured data", () => {
  const record = read(
    String.raw`<165>1 2026-11-24T12:00:00.003+02:00 web1 laurel 4711 ID47 [origin@32473 ip="192.0.2.1" note="a \"b\" \] \\"][x] ` +
      "\ufeffthe text",
  );
  expect(record).toEqual({
    host: "web1",
    channel: "syslog/laurel",
    time: Date.parse("2026-11-24T10:00:00.003Z"),
    content: "the text",
    about: {
      facility: 20,
      severity: 5,
      time: "2026-11-24T12:00:00.003+02:00",
      process: "4711",
      id: "ID47",
      data: { "origin@32473": { ip: "192.0.2.1", note: 'a "b" ] \\' }, x: {} },
    },
  });
});

test("nil values of RFC 5424 are unknown: the host is then the sender's address", () => {
  expect(read("<13>1 - - - - - -")).toEqual({
    host: "192.0.2.7",
    channel: "syslog/",
    time: null,
    content: "",
    about: { facility: 1, severity: 5 },
  });
});

test("a time of RFC 3164 has no year and no zone, and is not taken for one", () => {
  expect(read("<38>Nov 24 10:00:00 web1 sshd[812]: Accepted publickey for op")).toEqual({
    host: "web1",
    channel: "syslog/sshd",
    time: null,
    content: "Accepted publickey for op",
    about: { facility: 4, severity: 6, time: "Nov 24 10:00:00", process: "812" },
  });
});

test("the forwarding format of rsyslog has a whole time in the place of RFC 3164's", () => {
  const record = read(
    '<13>2026-11-24T10:00:00.5+00:00 web1 audit: type=CWD msg=audit(1795492300.001:7): cwd="/"',
  );
  expect(record.time).toBe(Date.parse("2026-11-24T10:00:00.500Z"));
  expect(record).toMatchObject({
    host: "web1",
    channel: "syslog/audit",
    content: 'type=CWD msg=audit(1795492300.001:7): cwd="/"',
  });
});

test("what logger writes to a local socket names no host", () => {
  expect(read("<13>Nov 24 10:00:00 op: hello")).toMatchObject({
    host: "192.0.2.7",
    channel: "syslog/op",
    content: "hello",
  });
});

test("a record without a tag keeps its first word: audit lines and JSON are not cut", () => {
  for (const text of ['type=CWD msg=audit(1795492300.001:7): cwd="/"', '{"ID":"1.000:1"}', "two words"])
    expect(read(`<13>Nov 24 10:00:00 web1 ${text}`)).toMatchObject({
      host: "web1",
      channel: "syslog/",
      content: text,
    });
});

test("a message of neither form is kept whole, whatever it begins with", () => {
  for (const text of ["hello", "<192>1 - - - - - -", "<13", "<>x", ""])
    expect(read(text)).toMatchObject({ host: "192.0.2.7", time: null, content: text });
  expect(read("<13>hello").content).toBe("hello");
  expect(read('<13>1 2026-11-24T12:00:00Z web1 a - - [broken x="1] text').content).toContain("[broken");
});
