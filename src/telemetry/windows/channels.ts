/**
 * Log sources of Windows events: the services that Sigma names channels by, and the categories that it names kinds of
 * events by (specification, "Log source taxonomy"). Channels are in lower case.
 */

const serviceNames: Readonly<Record<string, readonly string[]>> = {
  application: ["application"],
  "application-experience": [
    "microsoft-windows-application-experience/program-telemetry",
    "microsoft-windows-application-experience/program-compatibility-assistant",
  ],
  applocker: [
    "microsoft-windows-applocker/exe and dll",
    "microsoft-windows-applocker/msi and script",
    "microsoft-windows-applocker/packaged app-deployment",
    "microsoft-windows-applocker/packaged app-execution",
  ],
  "appmodel-runtime": ["microsoft-windows-appmodel-runtime/admin"],
  "appxdeployment-server": ["microsoft-windows-appxdeploymentserver/operational"],
  "appxpackaging-om": ["microsoft-windows-appxpackaging/operational"],
  bitlocker: ["microsoft-windows-bitlocker/bitlocker management"],
  "bits-client": ["microsoft-windows-bits-client/operational"],
  capi2: ["microsoft-windows-capi2/operational"],
  "certificateservicesclient-lifecycle-system": [
    "microsoft-windows-certificateservicesclient-lifecycle-system/operational",
  ],
  "codeintegrity-operational": ["microsoft-windows-codeintegrity/operational"],
  dhcp: ["microsoft-windows-dhcp-server/operational"],
  "diagnosis-scripted": ["microsoft-windows-diagnosis-scripted/operational"],
  "dns-client": [
    "microsoft-windows-dns client events/operational",
    "microsoft-windows-dns-client/operational",
  ],
  "dns-server": ["dns server"],
  "dns-server-audit": ["microsoft-windows-dns-server/audit", "microsoft-windows-dnsserver/audit"],
  "driver-framework": ["microsoft-windows-driverframeworks-usermode/operational"],
  "firewall-as": ["microsoft-windows-windows firewall with advanced security/firewall"],
  "hyper-v-worker": ["microsoft-windows-hyper-v-worker", "microsoft-windows-hyper-v-worker-admin"],
  "iis-configuration": ["microsoft-iis-configuration/operational"],
  "kernel-event-tracing": [
    "microsoft-windows-kernel-eventtracing",
    "microsoft-windows-kernel-eventtracing/admin",
  ],
  "kernel-shimengine": [
    "microsoft-windows-kernel-shimengine/operational",
    "microsoft-windows-kernel-shimengine/diagnostic",
  ],
  ldap: ["microsoft-windows-ldap-client/debug"],
  "lsa-server": ["microsoft-windows-lsa/operational"],
  "msexchange-management": ["msexchange management"],
  ntfs: ["microsoft-windows-ntfs/operational"],
  ntlm: ["microsoft-windows-ntlm/operational"],
  openssh: ["openssh/operational"],
  powershell: ["microsoft-windows-powershell/operational", "powershellcore/operational"],
  "powershell-classic": ["windows powershell"],
  "printservice-admin": ["microsoft-windows-printservice/admin"],
  "printservice-operational": ["microsoft-windows-printservice/operational"],
  security: ["security"],
  "security-mitigations": [
    "microsoft-windows-security-mitigations/kernel mode",
    "microsoft-windows-security-mitigations/kernelmode",
    "microsoft-windows-security-mitigations/user mode",
    "microsoft-windows-security-mitigations/usermode",
  ],
  sense: ["microsoft-windows-sense/operational"],
  "servicebus-client": ["microsoft-servicebus-client/admin", "microsoft-servicebus-client/operational"],
  "shell-core": ["microsoft-windows-shell-core/operational"],
  "smbclient-connectivity": ["microsoft-windows-smbclient/connectivity"],
  "smbclient-security": ["microsoft-windows-smbclient/security"],
  "smbserver-connectivity": ["microsoft-windows-smbserver/connectivity"],
  sysmon: ["microsoft-windows-sysmon/operational"],
  system: ["system"],
  taskscheduler: ["microsoft-windows-taskscheduler/operational"],
  "terminalservices-localsessionmanager": [
    "microsoft-windows-terminalservices-localsessionmanager/operational",
  ],
  vhdmp: ["microsoft-windows-vhdmp/operational", "microsoft-windows-vhdmp-operational"],
  windefend: ["microsoft-windows-windows defender/operational"],
  wmi: ["microsoft-windows-wmi-activity/operational"],
};

const serviceOfChannel: ReadonlyMap<string, string> = new Map(
  Object.entries(serviceNames).flatMap(([service, channels]) =>
    channels.map((channel) => [channel, service] as const),
  ),
);

/** By service and event id: the categories of the event. */
const categories: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  sysmon: {
    "1": ["process_creation"],
    "2": ["file_change"],
    "3": ["network_connection"],
    "4": ["sysmon_status"],
    "5": ["process_termination"],
    "6": ["driver_load"],
    "7": ["image_load"],
    "8": ["create_remote_thread"],
    "9": ["raw_access_thread"],
    "10": ["process_access"],
    "11": ["file_event"],
    "13": ["registry_set", "registry_event"],
    "14": ["registry_rename", "registry_event"],
    "15": ["create_stream_hash"],
    "16": ["sysmon_status"],
    "17": ["pipe_created"],
    "18": ["pipe_created"],
    "19": ["wmi_event"],
    "20": ["wmi_event"],
    "21": ["wmi_event"],
    "22": ["dns_query"],
    "23": ["file_delete"],
    "24": ["clipboard_change", "clipboard_capture"],
    "25": ["process_tampering"],
    "26": ["file_delete_detected", "file_delete"],
    "27": ["file_block_executable"],
    "28": ["file_block_shredding"],
    "29": ["file_executable_detected"],
    "255": ["sysmon_error"],
  },
  security: { "4688": ["process_creation"] },
  powershell: { "4103": ["ps_module"], "4104": ["ps_script"] },
  "powershell-classic": {
    "400": ["ps_classic_start"],
    "600": ["ps_classic_provider_start"],
    "800": ["ps_classic_script"],
  },
};

/** By what Sysmon says was done to a key: the category. */
const keyCategories: Readonly<Record<string, string>> = {
  CreateKey: "registry_add",
  DeleteKey: "registry_delete",
  DeleteValue: "registry_delete",
};

/** The service of a channel, whatever its case; null for a channel that Sigma has no name for. */
export function serviceOf(channel: string): string | null {
  return serviceOfChannel.get(channel.toLowerCase()) ?? null;
}

/** The channels of a service, in lower case; none for a name that Sigma does not have. */
export function channelsOf(service: string): readonly string[] {
  return serviceNames[service] ?? [];
}

/**
 * The categories of an event; none when Sigma has none for it.
 * @param eventType what Sysmon says was done to a registry key
 */
export function categoriesOf(service: string, eventId: string, eventType: unknown): readonly string[] {
  if (service === "sysmon" && eventId === "12") {
    const category = typeof eventType === "string" ? keyCategories[eventType] : undefined;
    // Some shippers put a word of their own in the place of Sysmon's (NXLog: INFO).
    return category === undefined ? ["registry_event"] : [category, "registry_event"];
  }
  return categories[service]?.[eventId] ?? [];
}

/** By category: the channels and event ids of its events. */
const origins = new Map<string, { channels: Set<string>; eventIds: Set<string> }>();
for (const [service, ids] of Object.entries({
  ...categories,
  sysmon: { ...categories["sysmon"], "12": ["registry_add", "registry_delete", "registry_event"] },
})) {
  for (const [eventId, names] of Object.entries(ids)) {
    for (const name of names) {
      const origin = origins.get(name) ?? { channels: new Set(), eventIds: new Set() };
      for (const channel of serviceNames[service] ?? []) origin.channels.add(channel);
      origin.eventIds.add(eventId);
      origins.set(name, origin);
    }
  }
}

/**
 * Values that an event of a rule's log source has, by its shape (event-shape.ts): of each list at least one, as a whole
 * value. No lists when the shape asks for no values.
 */
export function valuesOfLogsource(logsource: {
  readonly category: string | null;
  readonly service: string | null;
}): string[][] {
  const category = logsource.category?.toLowerCase() ?? null;
  const service = logsource.service?.toLowerCase() ?? null;
  // Told by its keys.
  if (service === "cloudtrail") return [];
  const lists: string[][] = [];
  // Beside what Windows has there is Tyrian's own form, which names the log source itself.
  if (category !== null) {
    const origin = origins.get(category);
    lists.push([category, ...(origin?.channels ?? [])], [category, ...(origin?.eventIds ?? [])]);
  }
  if (service !== null) lists.push([service, ...(serviceNames[service] ?? [])]);
  return lists;
}
