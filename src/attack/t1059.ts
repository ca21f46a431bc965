/** A technique of ATT&CK and where it is used. */
export interface Technique {
  readonly id: string;
  readonly name: string;
  /** ATT&CK's names of platforms. */
  readonly platforms: readonly string[];
}

/** An analytic of one of ATT&CK's detection strategies. */
export interface AttackAnalytic {
  readonly id: string;
  readonly strategy: string;
  readonly technique: string;
  readonly platforms: readonly string[];
}

/**
 * T1059 and its sub-techniques: identifiers, names and relations only. Source: MITRE ATT&CK Enterprise, STIX release of 2025-11-13
 * (v18), (c) The MITRE Corporation, reproduced under the ATT&CK terms of use.
 */
export const techniques: readonly Technique[] = [
  {
    id: "T1059",
    name: "Command and Scripting Interpreter",
    platforms: [
      "ESXi",
      "IaaS",
      "Identity Provider",
      "Linux",
      "macOS",
      "Network Devices",
      "Office Suite",
      "Windows",
    ],
  },
  { id: "T1059.001", name: "PowerShell", platforms: ["Windows"] },
  { id: "T1059.002", name: "AppleScript", platforms: ["macOS"] },
  { id: "T1059.003", name: "Windows Command Shell", platforms: ["Windows"] },
  { id: "T1059.004", name: "Unix Shell", platforms: ["ESXi", "Linux", "macOS", "Network Devices"] },
  { id: "T1059.005", name: "Visual Basic", platforms: ["Linux", "macOS", "Windows"] },
  { id: "T1059.006", name: "Python", platforms: ["ESXi", "Linux", "macOS", "Windows"] },
  { id: "T1059.007", name: "JavaScript", platforms: ["Linux", "macOS", "Windows"] },
  { id: "T1059.008", name: "Network Device CLI", platforms: ["Network Devices"] },
  { id: "T1059.009", name: "Cloud API", platforms: ["IaaS", "Identity Provider", "Office Suite", "SaaS"] },
  { id: "T1059.010", name: "AutoHotKey & AutoIT", platforms: ["Windows"] },
  { id: "T1059.011", name: "Lua", platforms: ["Linux", "macOS", "Network Devices", "Windows"] },
  { id: "T1059.012", name: "Hypervisor CLI", platforms: ["ESXi"] },
  { id: "T1059.013", name: "Container CLI/API", platforms: ["Containers"] },
];

/** The analytics of the same release. */
export const attackAnalytics: readonly AttackAnalytic[] = [
  { id: "AN1428", strategy: "DET0516", technique: "T1059", platforms: ["Windows"] },
  { id: "AN1429", strategy: "DET0516", technique: "T1059", platforms: ["Linux"] },
  { id: "AN1430", strategy: "DET0516", technique: "T1059", platforms: ["macOS"] },
  { id: "AN1431", strategy: "DET0516", technique: "T1059", platforms: ["ESXi"] },
  { id: "AN1432", strategy: "DET0516", technique: "T1059", platforms: ["Network Devices"] },
  { id: "AN1252", strategy: "DET0455", technique: "T1059.001", platforms: ["Windows"] },
  { id: "AN1164", strategy: "DET0414", technique: "T1059.002", platforms: ["macOS"] },
  { id: "AN0578", strategy: "DET0202", technique: "T1059.003", platforms: ["Windows"] },
  { id: "AN1081", strategy: "DET0384", technique: "T1059.004", platforms: ["Linux"] },
  { id: "AN1082", strategy: "DET0384", technique: "T1059.004", platforms: ["macOS"] },
  { id: "AN1083", strategy: "DET0384", technique: "T1059.004", platforms: ["ESXi"] },
  { id: "AN1084", strategy: "DET0384", technique: "T1059.004", platforms: ["Network Devices"] },
  { id: "AN0209", strategy: "DET0076", technique: "T1059.005", platforms: ["Windows"] },
  { id: "AN0210", strategy: "DET0076", technique: "T1059.005", platforms: ["macOS"] },
  { id: "AN0211", strategy: "DET0076", technique: "T1059.005", platforms: ["Linux"] },
  { id: "AN0172", strategy: "DET0063", technique: "T1059.006", platforms: ["Windows"] },
  { id: "AN0173", strategy: "DET0063", technique: "T1059.006", platforms: ["macOS"] },
  { id: "AN0174", strategy: "DET0063", technique: "T1059.006", platforms: ["Linux"] },
  { id: "AN0175", strategy: "DET0063", technique: "T1059.006", platforms: ["ESXi"] },
  { id: "AN0733", strategy: "DET0264", technique: "T1059.007", platforms: ["Windows"] },
  { id: "AN0734", strategy: "DET0264", technique: "T1059.007", platforms: ["macOS"] },
  { id: "AN0735", strategy: "DET0264", technique: "T1059.007", platforms: ["Linux"] },
  { id: "AN0399", strategy: "DET0142", technique: "T1059.008", platforms: ["Network Devices"] },
  { id: "AN0215", strategy: "DET0078", technique: "T1059.009", platforms: ["IaaS"] },
  { id: "AN0942", strategy: "DET0332", technique: "T1059.010", platforms: ["Windows"] },
  { id: "AN0278", strategy: "DET0101", technique: "T1059.011", platforms: ["Windows"] },
  { id: "AN0279", strategy: "DET0101", technique: "T1059.011", platforms: ["Linux"] },
  { id: "AN0280", strategy: "DET0101", technique: "T1059.011", platforms: ["macOS"] },
  { id: "AN0281", strategy: "DET0101", technique: "T1059.011", platforms: ["Network Devices"] },
  { id: "AN1537", strategy: "DET0558", technique: "T1059.012", platforms: ["ESXi"] },
  { id: "AN0233", strategy: "DET0083", technique: "T1059.013", platforms: ["Containers"] },
];

/** Where ATT&CK describes an analytic; a rule that is about it has this among its references. */
export function addressOf({ strategy, id }: Pick<AttackAnalytic, "strategy" | "id">): string {
  return `https://attack.mitre.org/detectionstrategies/${strategy}/#${id}`;
}
