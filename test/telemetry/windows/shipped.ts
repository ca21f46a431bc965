/** One event of Windows as each shipper would send it. Stand-ins for the shippers, written after their documentation. */

export interface Logged {
  readonly provider: string;
  /** Null for a classic event source, whose data have no names. */
  readonly guid: string | null;
  readonly eventId: number;
  readonly channel: string;
  readonly computer: string;
  readonly record: number;
  /** Milliseconds since 1970 as Windows writes them, with 100 ns. */
  readonly systemTime: string;
  readonly processId: number;
  readonly data: readonly (readonly [name: string, value: string])[];
}

const namespace = "http://schemas.microsoft.com/win/2004/08/events/event";

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(/[\r\ud800-\udbff](?![\udc00-\udfff])/g, (half) => `&#${half.charCodeAt(0)};`);
}

function section(text: string): string {
  return text
    .split("]]>")
    .map((part) => `<![CDATA[${part}]]>`)
    .join("]]&gt;");
}

function xml(event: Logged, quote: '"' | "'", content: (text: string) => string, more: string): string {
  const attribute = (name: string, value: string | number): string =>
    ` ${name}=${quote}${escaped(String(value)).replaceAll("'", "&apos;")}${quote}`;
  const guid = event.guid === null ? "" : attribute("Guid", event.guid);
  const data = event.data
    .map(
      ([name, value]) =>
        `<Data${event.guid === null ? "" : attribute("Name", name)}>${content(value)}</Data>`,
    )
    .join("");
  return (
    `<Event${attribute("xmlns", namespace)}><System><Provider${attribute("Name", event.provider)}${guid}/>` +
    `<EventID${event.guid === null ? attribute("Qualifiers", "") : ""}>${event.eventId}</EventID><Version>5</Version>` +
    `<TimeCreated${attribute("SystemTime", event.systemTime)}/><EventRecordID>${event.record}</EventRecordID><Correlation/>` +
    `<Execution${attribute("ProcessID", event.processId)}${attribute("ThreadID", 7)}/><Channel>${event.channel}</Channel>` +
    `<Computer>${event.computer}</Computer><Security/></System><EventData>${data}</EventData>${more}</Event>`
  );
}

/** What a collector of Windows Event Forwarding gets, rendered text included. */
export function forwardedXml(event: Logged): string {
  return xml(
    event,
    '"',
    escaped,
    '<RenderingInfo Culture="en-US"><Message>Text for people</Message><Level>Information</Level></RenderingInfo>',
  );
}

/** The same with texts in CDATA sections. */
export function sectionedXml(event: Logged): string {
  return xml(event, '"', section, "");
}

/** Splunk's source type XmlWinEventLog, as an export has it. */
export function splunkExport(event: Logged): unknown {
  return { preview: false, result: { _raw: xml(event, "'", escaped, ""), sourcetype: "XmlWinEventLog" } };
}

function dataOf(event: Logged, list: (values: string[]) => unknown): Record<string, unknown> {
  return event.guid === null
    ? { Data: list(event.data.map(([, value]) => value)) }
    : Object.fromEntries(event.data);
}

/** evtx_dump, hayabusa. */
export function evtxDump(event: Logged): unknown {
  const { provider, guid, eventId, record, systemTime, processId, channel, computer } = event;
  return {
    Event: {
      "#attributes": { xmlns: namespace },
      System: {
        Provider: { "#attributes": { Name: provider, ...(guid === null ? {} : { Guid: guid }) } },
        EventID: guid === null ? { "#attributes": { Qualifiers: "" }, "#text": eventId } : eventId,
        Version: 5,
        TimeCreated: { "#attributes": { SystemTime: systemTime } },
        EventRecordID: record,
        Correlation: null,
        Execution: { "#attributes": { ProcessID: processId, ThreadID: 7 } },
        Channel: channel,
        Computer: computer,
        Security: null,
      },
      EventData: dataOf(event, (values) => ({ "#text": values })),
    },
  };
}

/** Chainsaw, evtx_dump --separate-json-attributes. */
export function chainsawDump(event: Logged): unknown {
  const { provider, guid, eventId, record, systemTime, processId, channel, computer } = event;
  return {
    Event_attributes: { xmlns: namespace },
    Event: {
      System: {
        Provider_attributes: { Name: provider, ...(guid === null ? {} : { Guid: guid }) },
        EventID: eventId,
        ...(guid === null ? { EventID_attributes: { Qualifiers: "" } } : {}),
        Version: 5,
        TimeCreated_attributes: { SystemTime: systemTime },
        EventRecordID: record,
        Execution_attributes: { ProcessID: processId, ThreadID: 7 },
        Channel: channel,
        Computer: computer,
      },
      EventData: dataOf(event, (values) => values),
    },
  };
}

/** Python's xmltodict. */
export function xmltodict(event: Logged): unknown {
  const { provider, guid, eventId, record, systemTime, processId, channel, computer } = event;
  return {
    Event: {
      "@xmlns": namespace,
      System: {
        Provider: { "@Name": provider, ...(guid === null ? {} : { "@Guid": guid }) },
        EventID: guid === null ? { "@Qualifiers": "", "#text": String(eventId) } : String(eventId),
        Version: "5",
        TimeCreated: { "@SystemTime": systemTime },
        EventRecordID: String(record),
        Correlation: null,
        Execution: { "@ProcessID": String(processId), "@ThreadID": "7" },
        Channel: channel,
        Computer: computer,
        Security: null,
      },
      EventData: {
        Data: event.data.map(([name, value]) => {
          if (guid === null) return value;
          return value === "" ? { "@Name": name } : { "@Name": name, "#text": value };
        }),
      },
    },
  };
}

/** OpenWEC. */
export function openWec(event: Logged): unknown {
  const { provider, guid, eventId, record, systemTime, processId, channel, computer } = event;
  return {
    System: {
      Provider: { Name: provider, ...(guid === null ? {} : { Guid: guid }) },
      EventID: eventId,
      Version: 5,
      TimeCreated: systemTime,
      EventRecordID: record,
      Correlation: {},
      Execution: { ProcessID: processId, ThreadID: 7 },
      Channel: channel,
      Computer: computer,
    },
    EventData: dataOf(event, (values) => values),
  };
}

/** winlogbeat: texts only, none that is empty, names by place where there are none, milliseconds. */
export function winlogbeat(event: Logged): unknown {
  const named = event.data.map(([name, value], index): [string, string] => [
    event.guid === null ? `param${index + 1}` : name,
    value,
  ]);
  return {
    "@timestamp": event.systemTime.replace(/(\.\d{3})\d*Z$/, "$1Z"),
    event: { code: String(event.eventId), provider: event.provider, kind: "event" },
    host: { name: "elsewhere" },
    winlog: {
      api: "wineventlog",
      channel: event.channel,
      computer_name: event.computer,
      event_id: String(event.eventId),
      event_data: Object.fromEntries(named.filter(([, value]) => value !== "")),
      process: { pid: event.processId, thread: { id: 7 } },
      provider_name: event.provider,
      ...(event.guid === null ? {} : { provider_guid: event.guid }),
      record_id: event.record,
      version: 5,
    },
  };
}

/** A Wazuh alert; classic sources are not read by their names there. */
export function wazuh(event: Logged): unknown {
  return {
    timestamp: "2026-11-24T12:00:00.000+0000",
    rule: { id: "1" },
    data: {
      win: {
        system: {
          providerName: event.provider,
          providerGuid: event.guid,
          eventID: String(event.eventId),
          version: "5",
          systemTime: event.systemTime,
          eventRecordID: String(event.record),
          processID: String(event.processId),
          threadID: "7",
          channel: event.channel,
          computer: event.computer,
          message: '"Text"',
        },
        eventdata: Object.fromEntries(
          event.data.map(([name, value]) => [
            name.charAt(0).toLowerCase() + name.slice(1),
            JSON.stringify(value).slice(1, -1),
          ]),
        ),
      },
    },
  };
}

/** NXLog (im_msvistalog, to_json) with times in a zone. */
export function nxlog(event: Logged): unknown {
  return {
    EventTime: event.systemTime,
    Hostname: event.computer,
    Keywords: "9223372036854775808",
    SeverityValue: 2,
    Severity: "INFO",
    EventID: event.eventId,
    SourceName: event.provider,
    ProviderGuid: event.guid,
    Version: 5,
    RecordNumber: event.record,
    ExecutionProcessID: event.processId,
    ExecutionThreadID: 7,
    Channel: event.channel,
    ...Object.fromEntries(event.data),
    SourceModuleType: "im_msvistalog",
  };
}

/** Fluent Bit (winevtlog): values alone, in order. The text is as Sysmon's events are rendered. */
export function fluentBit(event: Logged): unknown {
  return {
    ProviderName: event.provider,
    ProviderGuid: event.guid ?? "",
    Qualifiers: "",
    EventID: event.eventId,
    Version: 5,
    TimeCreated: event.systemTime.replace("T", " ").replace(/\.\d+Z$/, " +0000"),
    EventRecordID: event.record,
    ProcessID: event.processId,
    ThreadID: 7,
    Channel: event.channel,
    Computer: event.computer,
    Message: `Rendered:\r\n${event.data.map(([name, value]) => `${name}: ${value}`).join("\r\n")}`,
    StringInserts: event.data.map(([, value]) => value),
  };
}
