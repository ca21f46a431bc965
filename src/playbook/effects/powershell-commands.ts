import type { Effect } from "../../model/playbook.js";

/** A cmdlet that is known, and the parameters with which it does what it is known for; their names may not be shortened. */
export interface Cmdlet {
  readonly kind: "prints" | "reads" | "writes" | "removes" | "copies";
  readonly parameters: ReadonlySet<string>;
  /** Parameters that hold a path; the first operand is one too. */
  readonly paths: ReadonlySet<string>;
}

/** Aliases of Windows PowerShell and of PowerShell 7; what is an alias in one of them only is taken for it in both. */
const aliases: Readonly<Record<string, string>> = Object.fromEntries(
  `echo:write-output write:write-output gal:get-alias gc:get-content cat:get-content type:get-content gci:get-childitem ls:get-childitem dir:get-childitem
  gps:get-process ps:get-process gsv:get-service gl:get-location pwd:get-location gm:get-member gcm:get-command measure:measure-object
  sort:sort-object select:select-object where:where-object ?:where-object foreach:foreach-object %:foreach-object group:group-object
  ft:format-table fl:format-list oh:out-host compare:compare-object diff:compare-object sls:select-string sleep:start-sleep
  sc:set-content ac:add-content ni:new-item md:new-item mkdir:new-item del:remove-item erase:remove-item rm:remove-item rd:remove-item
  rmdir:remove-item ri:remove-item cp:copy-item copy:copy-item cpi:copy-item mv:move-item move:move-item mi:move-item tee:tee-object
  gcim:get-ciminstance iex:invoke-expression iwr:invoke-webrequest curl:invoke-webrequest wget:invoke-webrequest irm:invoke-restmethod
  saps:start-process start:start-process sajb:start-job icm:invoke-command ii:invoke-item ipmo:import-module sal:set-alias nal:new-alias
  sv:set-variable set:set-variable nv:new-variable si:set-item sp:set-itemproperty kill:stop-process spps:stop-process spsv:stop-service
  cd:set-location sl:set-location chdir:set-location pushd:push-location popd:pop-location gwmi:get-wmiobject iwmi:invoke-wmimethod
  nsn:new-pssession etsn:enter-pssession r:invoke-history h:get-history history:get-history ghy:get-history gi:get-item gp:get-itemproperty`
    .split(/\s+/)
    .map((pair) => {
      const colon = pair.lastIndexOf(":");
      return [pair.slice(0, colon), pair.slice(colon + 1)];
    }),
);

function cmdlets(): ReadonlyMap<string, Cmdlet> {
  const found = new Map<string, Cmdlet>();
  const add = (kind: Cmdlet["kind"], lines: string, paths = ""): void => {
    for (const line of lines.split(";")) {
      const [name = "", ...parameters] = line.trim().toLowerCase().split(/\s+/);
      found.set(name, {
        kind,
        parameters: new Set([...parameters, ...paths.split(" ")]),
        paths: new Set(paths.split(" ")),
      });
    }
  };
  add(
    "prints",
    `Write-Output InputObject NoEnumerate; Write-Host Object NoNewline Separator ForegroundColor BackgroundColor; Write-Verbose Message; Write-Warning Message;
    Write-Error Message; Write-Information MessageData; Get-Date Format UFormat Date; Get-Random Minimum Maximum Count InputObject SetSeed; Get-Process Name Id;
    Get-Service Name; Get-Host; Get-Culture; Get-UICulture; Get-Location; Get-Command Name Type; Get-Alias Name Definition; Measure-Object InputObject Property Sum
    Average Maximum Minimum Line Word Character; Sort-Object InputObject Property Descending Unique; Select-Object InputObject Property First Last Skip Unique
    ExpandProperty Index; Where-Object InputObject Property Value FilterScript EQ NE GT GE LT LE Like NotLike Match NotMatch Contains In; ForEach-Object InputObject
    Process Begin End; Group-Object InputObject Property NoElement; Format-Table InputObject Property AutoSize HideTableHeaders Wrap; Format-List InputObject
    Property; Out-String InputObject Width Stream; Out-Null InputObject; Out-Host InputObject; Compare-Object ReferenceObject DifferenceObject; ConvertTo-Json
    InputObject Compress Depth; ConvertFrom-Json InputObject; ConvertTo-Csv InputObject NoTypeInformation; ConvertFrom-Csv InputObject Header Delimiter; Join-Path
    Path ChildPath; Split-Path Path Leaf Parent Extension LeafBase; Test-Path Path LiteralPath PathType; Start-Sleep Seconds Milliseconds; New-Guid; New-TimeSpan
    Start End Days Hours Minutes Seconds; Get-ExecutionPolicy List Scope; Get-UpTime; Get-TimeZone; Set-StrictMode Version Off; Get-Unique; Get-Member InputObject
    Name MemberType; Get-CimInstance ClassName Property`,
  );
  add(
    "reads",
    "Get-Content Raw TotalCount Tail Encoding; Get-ChildItem Name File Directory Force; Get-Item Force",
    "path literalpath",
  );
  add("reads", "Select-String Pattern SimpleMatch CaseSensitive InputObject Quiet", "path literalpath");
  add(
    "writes",
    "Set-Content Value Encoding NoNewline Force; Add-Content Value Encoding NoNewline",
    "path literalpath",
  );
  add(
    "writes",
    "Out-File InputObject Encoding Append NoNewline Width Force; Tee-Object InputObject Append",
    "filepath literalpath",
  );
  add("writes", "New-Item ItemType Value Force", "path");
  add("removes", "Remove-Item Force Recurse Confirm", "path literalpath");
  add("copies", "Copy-Item Force Recurse; Move-Item Force", "path literalpath destination");
  return found;
}

const known = cmdlets();

const effects: readonly (readonly [Effect, RegExp])[] = [
  [
    "network",
    /^(invoke-webrequest|invoke-restmethod|.*-bits.*|test-net.*|test-connection|test-wsman|resolve-dns.*|send-mail.*|.*-pssession.*|invoke-command|connect-.*|.*-wsman.*|find-(module|package|script)|install-.*|update-.*|save-.*|.*-smb.*|.*-psdrive|new-webserviceproxy|get-ad.*)$/,
  ],
  [
    "credentials",
    /^(get-credential|.*-securestring|.*-clixml|get-clipboard|get-history|invoke-history|.*vault.*|get-pfx.*|.*-cms.*|.*secret.*)$/,
  ],
  [
    "persistence",
    /^(.*-scheduled(task|job).*|.*-jobtrigger|new-service|set-service|.*-itemproperty|set-item|register-.*|.*-wmi(instance|event).*|set-executionpolicy|.*-psprofile|enable-.*|set-wmi.*|new-cim.*|set-cim.*)$/,
  ],
  [
    "destructive",
    /^(stop-.*|restart-.*|suspend-.*|clear-.*|remove-.*|disable-.*|uninstall-.*|format-volume|initialize-.*|.*-mp(preference|threat).*|.*-netfirewall.*|.*-netadapter.*|.*-localuser|.*-localgroup.*|limit-.*|rename-computer|add-computer|set-(acl|date|timezone|mp.*)|undo-.*|reset-.*|dismount-.*|.*-eventlog|.*-partition|.*-disk|debug-.*|wait-debugger)$/,
  ],
  ["background-process", /^(start-process|start-job|start-threadjob|receive-job)$/],
];

/** The full name of a command, in lower case: aliases replaced, the module's name taken off. */
export function cmdletName(written: string): string {
  const name = written.toLowerCase().replace(/^microsoft\.powershell\.(core|utility|management)\\/, "");
  return Object.hasOwn(aliases, name) ? (aliases[name] as string) : name;
}

/** A cmdlet that lint knows; undefined for any other command. */
export function cmdletOf(name: string): Cmdlet | undefined {
  return known.get(name);
}

/** The nearest effect of a cmdlet that is known to be more than harmless; null when there is none. */
export function cmdletEffect(name: string): Effect | null {
  return effects.find(([, pattern]) => name.includes("-") && pattern.test(name))?.[0] ?? null;
}
