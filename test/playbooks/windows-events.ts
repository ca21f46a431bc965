import type { RuleEvent } from "../../src/detection/rule.js";
import type { Act } from "../../src/model/trial.js";
import { scriptName } from "../../src/playbook/act-arguments.js";
import { languageOf } from "../../src/playbook/language.js";
import { windowsCommandLine } from "../../src/playbook/windows-command-line.js";

/**
 * Windows events that are constructed, not recorded: what Sysmon (1, 7), the security log (4688) and PowerShell (400, 4104) would
 * write about an act, from its exact command line, with the fields that Sigma names. No Windows took part.
 */

const system32 = "C:\\Windows\\System32\\";
const images: Readonly<Record<string, string>> = {
  powershell: `${system32}WindowsPowerShell\\v1.0\\powershell.exe`,
  node: "C:\\Program Files\\nodejs\\node.exe",
};

function imageOf(program: string): string {
  return images[program] ?? `${system32}${program}.exe`;
}

interface Start {
  readonly image: string;
  readonly commandLine: string;
  readonly parent: Start | null;
}

/** The shell of WinRM, below which every act starts. */
const shell: Start = { image: imageOf("cmd"), commandLine: `${system32}cmd.exe /C act.cmd`, parent: null };

/** Programs that the scripts of the playbooks start, as the starting program writes their command line. */
function childrenOf(act: Act): string[] {
  const language = languageOf(act.program, act.options, act.extension);
  if (language === "batch") {
    const commands = act.via === "argument" ? act.code.split("&").map((part) => part.trim()) : [];
    return commands.filter((command) => /^(whoami|hostname|cscript|cmd)\b/.test(command));
  }
  if (language === "powershell") {
    const shellCommand = /cmd\.exe \/d \/c '(.*)'/.exec(act.code)?.[1];
    return shellCommand === undefined
      ? [...act.code.matchAll(/\b(hostname)\.exe/g)].map(() => `${system32}hostname.exe`)
      : [`${system32}cmd.exe /d /c "${shellCommand}"`];
  }
  const run = /\.Run\(? ?"([^"]*)"|RunWait\('([^']*)'/
    .exec(act.code)
    ?.slice(1)
    .find((text) => text !== undefined);
  const executed = /execSync\("([^"]*)"\)/.exec(act.code)?.[1];
  const file = /execFileSync\("([^"]*)"\)/.exec(act.code)?.[1];
  if (executed !== undefined) return [`${system32}cmd.exe /d /s /c "${executed}"`];
  return [run ?? file].filter((command) => command !== undefined);
}

function startsOf(act: Act, work: string): Start[] {
  const root: Start = {
    image: imageOf(act.program),
    commandLine: windowsCommandLine(act, work),
    parent: shell,
  };
  const children = childrenOf(act).map((commandLine) => {
    const program = /([a-z]+)(?:\.exe)?(?=\s|$)/i.exec(commandLine)?.[1] ?? "";
    return { image: imageOf(program), commandLine, parent: root };
  });
  return [root, ...children];
}

/** The engines of scripting languages that a program loads. */
function modulesOf({ image, commandLine }: Start): string[] {
  if (/powershell\.exe$/.test(image))
    return ["C:\\Windows\\assembly\\System.Management.Automation\\System.Management.Automation.dll"];
  if (!/[cw]script\.exe$/.test(image)) return [];
  return [`${system32}${/\.js\b|:jscript/i.test(commandLine) ? "jscript" : "vbscript"}.dll`];
}

/** What PowerShell's script block logging would write. */
function scriptBlocksOf(act: Act): string[] {
  return languageOf(act.program) === "powershell" ? [act.code] : [];
}

export interface ConstructedEvents {
  readonly sysmon: readonly RuleEvent[];
  readonly security: readonly RuleEvent[];
  readonly powershell: readonly RuleEvent[];
  /** Sysmon 7. */
  readonly modules: readonly RuleEvent[];
  /** Event 400 of "Windows PowerShell". */
  readonly engine: readonly RuleEvent[];
}

export function windowsEvents(act: Act, work: string): ConstructedEvents {
  const starts = startsOf(act, work);
  const event = (id: string, category: string, fields: Record<string, string>): RuleEvent => ({
    id,
    logsource: { product: "windows", category },
    fields,
  });
  return {
    sysmon: starts.map(({ image, commandLine, parent }, index) =>
      event(`sysmon-${index}`, "process_creation", {
        Image: image,
        CommandLine: commandLine,
        CurrentDirectory: `${work}\\`,
        ParentImage: parent?.image ?? "",
        ParentCommandLine: parent?.commandLine ?? "",
      }),
    ),
    // 4688 knows the parent's image, and not its command line.
    security: starts.map(({ image, commandLine, parent }, index) =>
      event(`security-${index}`, "process_creation", {
        Image: image,
        CommandLine: commandLine,
        ParentImage: parent?.image ?? "",
      }),
    ),
    powershell: scriptBlocksOf(act).map((text, index) =>
      event(`powershell-${index}`, "ps_script", {
        ScriptBlockText: text,
        Path: act.via === "file" ? `${work}\\${scriptName(act)}` : "",
      }),
    ),
    modules: starts.flatMap((start, index) =>
      modulesOf(start).map((path) =>
        event(`module-${index}`, "image_load", { EventID: "7", Image: start.image, ImageLoaded: path }),
      ),
    ),
    engine: starts.flatMap(({ image, commandLine }, index) =>
      /powershell\.exe$/.test(image)
        ? [
            event(`engine-${index}`, "ps_classic_start", {
              EventID: "400",
              HostName: "ConsoleHost",
              EngineVersion: "5.1.19041.4522",
              HostApplication: commandLine,
            }),
          ]
        : [],
    ),
  };
}
