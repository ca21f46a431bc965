import type { DeviceProfileName } from "../../../src/model/target.js";

/** One command as a terminal shows it: what the device sends for it, behind the echo, up to its next prompt. */
export interface Exchange {
  readonly typed: string;
  /** With the line ends, pagers and erasures that the device sends. */
  readonly answer: string;
  /** The prompt that follows; the one before when absent. */
  readonly prompt?: string;
  /** What a reader is to get of it. */
  readonly output: string;
  readonly errors?: readonly string[];
  /** A text that must be typed before the device goes on: a page, a secret. */
  readonly pauses?: readonly { readonly shows: string; readonly wants: string; readonly erases: string }[];
}

/** A session with one kind of device, written from its vendor's documentation (for FRR: seen). */
export interface Transcript {
  readonly profile: DeviceProfileName;
  readonly source: string;
  readonly greeting: string;
  readonly prompt: string;
  /** For devices with a privileged mode: what `enable` leads to. */
  readonly enabled?: string;
  readonly exchanges: readonly Exchange[];
}

const backspaces = "\b".repeat(9);
/** What IOS sends to remove ` --More-- `. */
const iosErase = `${backspaces}        ${backspaces}`;

export const transcripts: readonly Transcript[] = [
  {
    profile: "ios",
    source:
      "Cisco IOS Configuration Fundamentals: command-line interface, --More--, error messages, privilege levels",
    greeting: "\r\nC\r\nAuthorized lab users only.\r\n\r\nedge-1>",
    prompt: "edge-1>",
    enabled: "edge-1#",
    exchanges: [
      {
        typed: "show clock",
        answer: "*10:02:41.551 UTC Tue Nov 24 2026\r\n",
        output: "*10:02:41.551 UTC Tue Nov 24 2026\n",
      },
      {
        typed: "show ip interface brief",
        answer:
          "Interface              IP-Address      OK? Method Status                Protocol\r\nLoopback0              192.0.2.1       YES NVRAM  up                    up      \r\n",
        pauses: [{ shows: " --More-- ", wants: " ", erases: iosErase }],
        output:
          "Interface              IP-Address      OK? Method Status                Protocol\nLoopback0              192.0.2.1       YES NVRAM  up                    up\n",
      },
      {
        typed: "show runing-config",
        answer: "              ^\r\n% Invalid input detected at '^' marker.\r\n\r\n",
        output: "              ^\n% Invalid input detected at '^' marker.\n\n",
        errors: ["              ^", "% Invalid input detected at '^' marker."],
      },
      {
        typed: "configure terminal",
        answer: "Enter configuration commands, one per line.  End with CNTL/Z.\r\n",
        prompt: "edge-1(config)#",
        output: "Enter configuration commands, one per line.  End with CNTL/Z.\n",
      },
      { typed: "interface Loopback0", answer: "", prompt: "edge-1(config-if)#", output: "" },
      { typed: "end", answer: "", prompt: "edge-1#", output: "" },
    ],
  },
  {
    profile: "nxos",
    source: "Cisco NX-OS Fundamentals Configuration Guide: using the command-line interface",
    greeting: "\r\nCisco Nexus Operating System (NX-OS) Software\r\nleaf-1# ",
    prompt: "leaf-1# ",
    exchanges: [
      {
        typed: "show clock",
        answer: "10:02:41.551 UTC Tue Nov 24 2026\r\nTime source is NTP\r\n",
        output: "10:02:41.551 UTC Tue Nov 24 2026\nTime source is NTP\n",
      },
      {
        typed: "show bogus",
        answer: "                   ^\r\n% Invalid command at '^' marker.\r\n",
        output: "                   ^\n% Invalid command at '^' marker.\n",
        errors: ["                   ^", "% Invalid command at '^' marker."],
      },
      {
        typed: "configure terminal",
        answer: "Enter configuration commands, one per line. End with CNTL/Z.\r\n",
        prompt: "leaf-1(config)# ",
        output: "Enter configuration commands, one per line. End with CNTL/Z.\n",
      },
      { typed: "end", answer: "", prompt: "leaf-1# ", output: "" },
    ],
  },
  {
    profile: "junos",
    source: "Juniper CLI User Guide: operational and configuration mode, --More--, screen length",
    greeting: "\r\n--- JUNOS 22.4R1.10 Kernel 64-bit\r\nlab@core-1> ",
    prompt: "lab@core-1> ",
    exchanges: [
      {
        typed: "show system uptime",
        answer: "Current time: 2026-11-24 10:02:41 UTC\r\nTime Source:  NTP CLOCK \r\n\r\n",
        output: "Current time: 2026-11-24 10:02:41 UTC\nTime Source:  NTP CLOCK\n\n",
      },
      {
        typed: "show route summary",
        answer: "Autonomous system number: 64496\r\nRouter ID: 192.0.2.9\r\n",
        pauses: [
          { shows: "---(more)---", wants: " ", erases: "\r            \r" },
          { shows: "---(more 67%)---", wants: " ", erases: "\r                \r" },
        ],
        output: "Autonomous system number: 64496\nRouter ID: 192.0.2.9\n",
      },
      {
        typed: "show bogus",
        answer: "             ^\r\nsyntax error, expecting <command>.\r\n\r\n",
        output: "             ^\nsyntax error, expecting <command>.\n\n",
        errors: ["             ^", "syntax error, expecting <command>."],
      },
      {
        typed: "configure",
        answer: "Entering configuration mode\r\n\r\n[edit]\r\n",
        prompt: "lab@core-1# ",
        output: "Entering configuration mode\n\n",
      },
      {
        typed: "set interfaces lo0 description maintenance",
        answer: "\r\n[edit]\r\n",
        prompt: "lab@core-1# ",
        output: "\n",
      },
      {
        typed: "exit configuration-mode",
        answer: "Exiting configuration mode\r\n\r\n",
        prompt: "lab@core-1> ",
        output: "Exiting configuration mode\n\n",
      },
    ],
  },
  {
    profile: "eos",
    source: "Arista EOS User Manual: command-line interface; its shell redraws with ECMA-48 sequences",
    greeting: "\r\nLast login: Tue Nov 24 09:58:11 2026 from 192.0.2.77\r\n\r\u001b[5nspine-1>",
    prompt: "spine-1>",
    enabled: "spine-1#",
    exchanges: [
      {
        typed: "show clock",
        answer:
          "Tue Nov 24 10:02:41 2026\r\nTimezone: UTC\r\nClock source: NTP server (192.0.2.5)\r\n\u001b[K",
        output: "Tue Nov 24 10:02:41 2026\nTimezone: UTC\nClock source: NTP server (192.0.2.5)\n",
      },
      {
        typed: "show ip bogus",
        answer: "% Invalid input\r\n",
        output: "% Invalid input\n",
        errors: ["% Invalid input"],
      },
      { typed: "configure terminal", answer: "", prompt: "spine-1(config)#", output: "" },
      { typed: "end", answer: "", prompt: "spine-1#", output: "" },
    ],
  },
  {
    profile: "vyos",
    source: "VyOS documentation: command line interface, operational and configuration mode",
    greeting: "\u001b[?2004hvyos@border:~$ ",
    prompt: "vyos@border:~$ ",
    exchanges: [
      {
        typed: "show interfaces",
        answer:
          "\u001b[?2004l\rCodes: S - State, L - Link, u - Up, D - Down, A - Admin Down\r\nInterface        IP Address                        S/L  Description\r\nlo               127.0.0.1/8                       u/u  \r\n",
        output:
          "Codes: S - State, L - Link, u - Up, D - Down, A - Admin Down\nInterface        IP Address                        S/L  Description\nlo               127.0.0.1/8                       u/u\n",
      },
      {
        typed: "show bogus",
        answer: "\r\n  Invalid command: show [bogus]\r\n\r\n",
        output: "\n  Invalid command: show [bogus]\n\n",
        errors: ["  Invalid command: show [bogus]"],
      },
      { typed: "configure", answer: "[edit]\r\n", prompt: "vyos@border# ", output: "" },
      { typed: "exit discard", answer: "exit\r\n", prompt: "vyos@border:~$ ", output: "exit\n" },
    ],
  },
  {
    profile: "frr",
    source: "FRRouting 8.4.4 (Debian 12), vtysh, as it was seen",
    greeting:
      "\r\nHello, this is FRRouting (version 8.4.4).\r\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\r\n\r\nr1# ",
    prompt: "r1# ",
    exchanges: [
      {
        typed: "show ip route summary",
        answer:
          "Route Source         Routes               FIB  (vrf default)\r\n------\r\nTotals               0                    0                    \r\n\r\n",
        output:
          "Route Source         Routes               FIB  (vrf default)\n------\nTotals               0                    0\n\n",
      },
      {
        typed: "bogus",
        answer: "% Unknown command: bogus\r\n",
        output: "% Unknown command: bogus\n",
        errors: ["% Unknown command: bogus"],
      },
      { typed: "configure terminal", answer: "", prompt: "r1(config)# ", output: "" },
      { typed: "interface lo", answer: "", prompt: "r1(config-if)# ", output: "" },
      { typed: "end", answer: "", prompt: "r1# ", output: "" },
    ],
  },
];

export function transcriptOf(profile: DeviceProfileName): Transcript {
  const transcript = transcripts.find((one) => one.profile === profile);
  if (transcript === undefined) throw new Error(`no transcript of ${profile}`);
  return transcript;
}
