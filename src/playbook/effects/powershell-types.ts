/** Types whose use is harmless as far as the members below go; `system.` is taken off first. */
const types: ReadonlyMap<string, RegExp> = new Map([
  ["string", /^(join|format|isnullorempty|isnullorwhitespace|concat|empty|compare)$/],
  ["char", /^(isdigit|isletter|toupper|tolower|convertfromutf32)$/],
  ["math", /^(abs|ceiling|floor|max|min|pow|round|sqrt|truncate|pi|e|sign)$/],
  ["convert", /^(frombase64string|tobase64string|toint32|tostring|tochar|tobyte|toint64)$/],
  ["text.encoding", /^(utf8|unicode|ascii)$/],
  ["guid", /^(newguid|empty)$/],
  ["datetime", /^(now|utcnow|today|parse)$/],
  ["timespan", /^(fromseconds|fromminutes|zero)$/],
  ["array", /^(reverse|sort|indexof)$/],
  ["regex", /^(escape|replace|match|matches|split|ismatch)$/],
  [
    "environment",
    /^(machinename|username|userdomainname|osversion|version|newline|is64bitoperatingsystem|is64bitprocess|processorcount|currentdirectory|tickcount)$/,
  ],
  ["int", /^(parse|maxvalue|minvalue)$/],
  ["int32", /^(parse|maxvalue|minvalue)$/],
  ["console", /^(writeline|write)$/],
  ...[
    "bool",
    "byte",
    "long",
    "int64",
    "double",
    "decimal",
    "single",
    "float",
    "hashtable",
    "ordered",
    "pscustomobject",
    "psobject",
    "version",
    "object",
    "void",
    "switch",
    "uint32",
  ].map((name) => [name, /^(?!)/] as const),
]);

/** Members that harm nothing on any object that code without an effect can hold. */
const instanceMembers =
  /^(length|count|tostring|toupper|tolower|trim|trimstart|trimend|substring|split|contains|startswith|endswith|indexof|lastindexof|padleft|padright|tochararray|keys|values|name|id|processname|version|major|minor|build|year|month|day|hour|minute|second|value|key|message|caption|getstring|getbytes|gettype|fullname|psversion|psedition|sum|average|maximum|minimum|groups|index|success|exception|status|line|x|y|a|b|platform|os|versionstring)$/;

/** A type's name as it is looked up: lower case, no `System.`, no blanks, no `[]`. */
export function typeName(written: string): string {
  return written
    .toLowerCase()
    .replace(/[\s[\]]/g, "")
    .replace(/^system\./, "");
}

export function isHarmlessType(name: string): boolean {
  return types.has(name);
}

export function isHarmlessStatic(type: string, member: string): boolean {
  return types.get(type)?.test(member.toLowerCase()) === true;
}

export function isHarmlessMember(name: string): boolean {
  return instanceMembers.test(name.toLowerCase());
}
