import type { Chance } from "./chance.js";
import { programs, rareWord } from "./words.js";

/** Made-up rules with the proportions of SigmaHQ's Windows rules: categories, modifiers, lists, filters. Nothing is copied. */

type Selection = Record<string, unknown>;

function list(chance: Chance, value: () => string, most: number): string | string[] {
  const values = Array.from({ length: 1 + chance.below(most) }, value);
  return values.length === 1 ? (values[0] as string) : values;
}

function image(chance: Chance): string {
  return chance.often(70) ? `\\${chance.pick(programs)}` : `\\${rareWord(chance)}.exe`;
}

/** The selections of a rule about processes; filters are those whose names begin so. */
function processSelections(chance: Chance): Record<string, Selection | Selection[]> {
  const selections: Record<string, Selection | Selection[]> = {};
  if (chance.often(75)) {
    const images = list(chance, () => image(chance), 4);
    selections["selection_img"] = chance.often(40)
      ? [{ "Image|endswith": images }, { OriginalFileName: list(chance, () => image(chance).slice(1), 3) }]
      : { "Image|endswith": images };
  }
  const modifier = chance.pick([
    "contains",
    "contains",
    "contains",
    "contains|all",
    "contains|windash",
    "contains",
  ]);
  if (chance.often(85) || selections["selection_img"] === undefined) {
    const values = Array.from({ length: (modifier.endsWith("all") ? 2 : 1) + chance.below(5) }, () =>
      chance.often(30) ? ` -${rareWord(chance).slice(0, 6)}` : rareWord(chance),
    );
    selections["selection_cli"] = { [`CommandLine|${modifier}`]: values };
  }
  if (chance.often(8))
    selections["selection_re"] = { "CommandLine|re": `${rareWord(chance)}\\s+[a-z]{2,8}=\\d+` };
  if (chance.often(20))
    selections["selection_parent"] = { "ParentImage|endswith": list(chance, () => image(chance), 5) };
  return selections;
}

const kinds: readonly {
  readonly share: number;
  readonly logsource: Record<string, string>;
  readonly make: (chance: Chance) => Record<string, Selection | Selection[]>;
}[] = [
  { share: 49, logsource: { category: "process_creation" }, make: processSelections },
  {
    share: 11,
    logsource: { category: "registry_set" },
    make: (chance) => ({
      selection_key: { "TargetObject|contains": list(chance, () => `\\${rareWord(chance)}\\`, 5) },
      ...(chance.often(50)
        ? {
            selection_value: {
              Details: chance.pick(["DWORD (0x00000001)", "(Empty)", "DWORD (0x00000000)"]),
            },
          }
        : {}),
    }),
  },
  {
    share: 8,
    logsource: { category: "file_event" },
    make: (chance) => ({
      selection: { "TargetFilename|endswith": list(chance, () => `\\${rareWord(chance)}.exe`, 8) },
    }),
  },
  {
    share: 7,
    logsource: { category: "ps_script" },
    make: (chance) => ({
      selection: { "ScriptBlockText|contains|all": [rareWord(chance), rareWord(chance)] },
    }),
  },
  {
    share: 7,
    logsource: { service: "security" },
    make: (chance) => ({
      selection: { EventID: 4600 + chance.below(400), "ObjectName|contains": rareWord(chance) },
    }),
  },
  {
    share: 5,
    logsource: { category: "image_load" },
    make: (chance) => ({
      selection: { "ImageLoaded|endswith": list(chance, () => `\\${rareWord(chance)}.dll`, 12) },
    }),
  },
  {
    share: 2,
    logsource: { service: "system" },
    make: (chance) => ({ selection: { EventID: 7000 + chance.below(60), ServiceName: rareWord(chance) } }),
  },
  // Keywords, and the text that Windows shows: the whole event is read.
  {
    share: 1,
    logsource: { service: "application" },
    make: (chance) => ({ selection: { "|contains": [rareWord(chance), rareWord(chance)] } }),
  },
  {
    share: 1,
    logsource: { service: "windefend" },
    make: (chance) => ({ selection: { EventID: 1116, "Message|contains": rareWord(chance) } }),
  },
  {
    share: 3,
    logsource: { category: "network_connection" },
    make: (chance) => ({
      selection: { "Image|endswith": list(chance, () => image(chance), 4), Initiated: "true" },
      ...(chance.often(60)
        ? { filter_main_local: { "DestinationIp|cidr": ["10.0.0.0/8", "192.168.0.0/16", "127.0.0.0/8"] } }
        : { selection_host: { "DestinationHostname|endswith": `${rareWord(chance)}.com` } }),
    }),
  },
  {
    share: 2,
    logsource: { category: "process_access" },
    make: (chance) => ({
      selection: {
        "TargetImage|endswith": "\\lsass.exe",
        "GrantedAccess|endswith": list(
          chance,
          () => `${chance.below(16).toString(16)}${chance.below(256).toString(16)}`,
          5,
        ),
        "SourceImage|endswith": image(chance),
      },
    }),
  },
  {
    share: 4,
    logsource: { category: "dns_query" },
    make: (chance) => ({
      selection: { "QueryName|contains": list(chance, () => `${rareWord(chance)}.`, 6) },
    }),
  },
];

/** One rule's text, as JSON, which is YAML. */
export function generatedRule(chance: Chance, index: number): string {
  let place = chance.below(100);
  const kind = kinds.find(({ share }) => (place -= share) < 0) ?? (kinds[0] as (typeof kinds)[number]);
  const selections = kind.make(chance);
  const filters: Record<string, Selection> = {};
  if (chance.often(35))
    filters["filter_main_known"] = {
      "Image|startswith": ["C:\\Program Files\\", "C:\\Windows\\System32\\"].slice(0, 1 + chance.below(2)),
    };
  if (chance.often(15)) filters["filter_optional_tool"] = { "Image|endswith": `\\${rareWord(chance)}.exe` };
  const hasFilters = Object.keys({ ...selections, ...filters }).some((name) => name.startsWith("filter_"));
  return JSON.stringify(
    {
      title: `Generated rule ${index}`,
      id: `generated-${index}`,
      status: "test",
      description: "A stand-in with the proportions of a real rule.",
      tags: ["attack.execution", "attack.t1059"],
      logsource: { product: "windows", ...kind.logsource },
      detection: {
        ...selections,
        ...filters,
        condition: `all of selection*${hasFilters ? " and not 1 of filter_*" : ""}`,
      },
      level: "medium",
    },
    null,
    2,
  );
}
