import { foldCase } from "../../sigma/text.js";
import type { SplEvent } from "./spl-event.js";

/** Channels of Windows by Sigma's name of the service. */
const channels: Readonly<Record<string, string>> = {
  sysmon: "Microsoft-Windows-Sysmon/Operational",
  security: "Security",
  system: "System",
  application: "Application",
  powershell: "Microsoft-Windows-PowerShell/Operational",
  "powershell-classic": "Windows PowerShell",
  taskscheduler: "Microsoft-Windows-TaskScheduler/Operational",
  wmi: "Microsoft-Windows-WMI-Activity/Operational",
  windefend: "Microsoft-Windows-Windows Defender/Operational",
};
/** Channels of Windows by Sigma's name of the category, where there is no service. */
const categoryChannels: Readonly<Record<string, string>> = {
  ps_script: channels["powershell"] ?? "",
  ps_module: channels["powershell"] ?? "",
  ps_classic_start: channels["powershell-classic"] ?? "",
  ps_classic_provider_start: channels["powershell-classic"] ?? "",
  ps_classic_script: channels["powershell-classic"] ?? "",
};
/** Names of sourcetype and source of the same data, by Sigma's product and service. The first is the add-on's of today. */
const others: readonly {
  readonly product: string;
  readonly service: string | null;
  readonly sourcetypes: readonly string[];
  readonly sources: readonly string[];
}[] = [
  {
    product: "linux",
    service: "auditd",
    sourcetypes: ["linux:audit", "linux_audit", "auditd"],
    sources: ["auditd", "/var/log/audit/audit.log"],
  },
  {
    product: "linux",
    service: "sysmon",
    sourcetypes: ["sysmon:linux"],
    sources: ["Syslog:Linux-Sysmon/Operational"],
  },
  {
    product: "linux",
    service: "auth",
    sourcetypes: ["linux_secure"],
    sources: ["/var/log/auth.log", "/var/log/secure"],
  },
  {
    product: "linux",
    service: "sshd",
    sourcetypes: ["linux_secure"],
    sources: ["/var/log/auth.log", "/var/log/secure"],
  },
  { product: "linux", service: "syslog", sourcetypes: ["syslog"], sources: ["/var/log/syslog"] },
  // Process creation on Linux without a service is auditd's, as in Sigma's own pipelines.
  {
    product: "linux",
    service: null,
    sourcetypes: ["linux:audit", "linux_audit", "auditd"],
    sources: ["auditd", "/var/log/audit/audit.log"],
  },
  { product: "macos", service: null, sourcetypes: ["mac_os_log"], sources: ["mac_os_log"] },
  { product: "azure", service: null, sourcetypes: ["azure:audit"], sources: ["azure:audit"] },
  {
    product: "m365",
    service: null,
    sourcetypes: ["o365:management:activity", "o365:audit"],
    sources: ["o365:audit"],
  },
  { product: "aws", service: "cloudtrail", sourcetypes: ["aws:cloudtrail"], sources: ["aws:cloudtrail"] },
];

export interface Names {
  readonly sourcetypes: readonly string[];
  readonly sources: readonly string[];
}

/**
 * The names of one channel: the Windows add-on's sourcetypes with and without the channel, as XML and as text, which
 * older and newer versions give to the same events.
 */
function ofChannel(channel: string): Names {
  const named = [`XmlWinEventLog:${channel}`, `WinEventLog:${channel}`];
  const sysmon = channel === channels["sysmon"] ? ["sysmon"] : [];
  return { sourcetypes: [...named, "XmlWinEventLog", "WinEventLog", ...sysmon], sources: named };
}

const unknown: Names = { sourcetypes: [], sources: [] };
/** A Windows event of which no more is known. */
const withoutChannel: Names = { sourcetypes: ["XmlWinEventLog", "WinEventLog"], sources: [] };

/** The channel that a sourcetype or source names; null when it names none. */
function channelIn(name: string | undefined): string | null {
  if (name === undefined) return null;
  const folded = foldCase(name);
  if (folded === "sysmon") return channels["sysmon"] ?? null;
  const channel = /^(?:xml)?wineventlog:([\s\S]+)$/.exec(folded)?.[1];
  if (channel === undefined) return null;
  const known = Object.values(channels).find((each) => foldCase(each) === channel);
  return known ?? name.slice(name.indexOf(":") + 1);
}

function isWithoutChannel(sourcetype: string): boolean {
  return ["xmlwineventlog", "wineventlog"].includes(foldCase(sourcetype));
}

/** Other names of what an event states itself. A name that is not known is only itself. */
function ofStated(sourcetype: string, event: SplEvent): Names {
  const channel = channelIn(sourcetype) ?? (isWithoutChannel(sourcetype) ? channelIn(event.source) : null);
  if (channel !== null) return ofChannel(channel);
  if (isWithoutChannel(sourcetype) && event.source === undefined && event.logsource?.product === "windows") {
    return ofLogsource(event);
  }
  const folded = foldCase(sourcetype);
  const other = others.find(({ sourcetypes }) => sourcetypes.includes(folded));
  return other ?? { sourcetypes: [sourcetype], sources: [] };
}

function ofLogsource({ logsource, fields }: SplEvent): Names {
  if (logsource === undefined) return unknown;
  const { product, category, service } = logsource;
  if (product === "windows") {
    const channel = fields["Channel"];
    if (typeof channel === "string" && channel !== "") return ofChannel(channel);
    if (service !== undefined) {
      const known = Object.hasOwn(channels, service) ? channels[service] : undefined;
      return known === undefined ? withoutChannel : ofChannel(known);
    }
    if (category === undefined) return withoutChannel;
    const security = String(fields["EventID"]) === "4688" ? channels["security"] : undefined;
    // Sigma's categories are Sysmon's events, but for those of PowerShell.
    return ofChannel(categoryChannels[category] ?? security ?? channels["sysmon"] ?? "");
  }
  const named = service ?? (product === "linux" && category === undefined ? undefined : null);
  return others.find((each) => each.product === product && each.service === named) ?? unknown;
}

/** All names that an event's sourcetype and source go by; empty when they are not known. */
export function namesOfEvent(event: SplEvent): Names {
  const { sourcetype, source } = event;
  const ofSource = channelIn(source);
  const bySource = ofSource === null ? null : ofChannel(ofSource);
  const derived = sourcetype === undefined ? (bySource ?? ofLogsource(event)) : ofStated(sourcetype, event);
  return {
    sourcetypes: [...new Set([...(sourcetype === undefined ? [] : [sourcetype]), ...derived.sourcetypes])],
    sources: source === undefined ? derived.sources : [...new Set([source, ...(bySource?.sources ?? [])])],
  };
}

/** The index of an event: the one that it states, else the one that is named like its product. */
export function indexOfEvent(event: SplEvent): string | null {
  return event.index ?? event.logsource?.product ?? null;
}
