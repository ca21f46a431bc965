import { analyseCode } from "../../../src/playbook/effects/analyse.js";
import type { Language } from "../../../src/playbook/language.js";

/** The work folder in the codes of these tests. */
export const work = "/tyrian-work/0";

const programs: Readonly<Record<Exclude<Language, "unknown">, string>> = {
  shell: "bash",
  python: "python3",
  javascript: "node",
  lua: "lua",
  powershell: "powershell",
  batch: "cmd",
  vbscript: "cscript",
  device: "ios",
  jscript: "cscript",
};

export interface CodeOptions {
  readonly program?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly viaStdin?: boolean;
  /** Whether the code runs on Windows; the languages of Windows alone always do. */
  readonly windows?: boolean;
}

/** The work folder in the codes of these tests, on Windows. */
export const windowsWork = "C:\\Tyrian-Work\\0";

/** What lint finds in a code: the effects, sorted, and `syntax` for code that it cannot parse. */
export async function effectsOf(
  language: Exclude<Language, "unknown">,
  code: string,
  options: CodeOptions = {},
): Promise<string[]> {
  const windows = options.windows ?? ["powershell", "batch", "vbscript", "jscript"].includes(language);
  const { findings } = await analyseCode({
    windows,
    language,
    program: options.program ?? programs[language],
    code,
    work: windows ? windowsWork : work,
    files: new Map(Object.entries(options.files ?? {})),
    viaStdin: options.viaStdin ?? false,
  });
  return [
    ...new Set(findings.map((finding) => (finding.kind === "effect" ? finding.effect : "syntax"))),
  ].sort();
}
