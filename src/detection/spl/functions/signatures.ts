/** How many arguments a function of `eval` takes, and what it gives. */
export interface Signature {
  readonly least: number;
  /** Null for any number. */
  readonly most: number | null;
  /** `branch`: what its values are, condition or value. */
  readonly gives: "value" | "condition" | "branch";
  /** Which arguments must be conditions. */
  readonly conditions?: "first" | "even" | "all";
  /** Why the function is refused. */
  readonly unsupported?: string;
}

const value = (least: number, most: number | null = least): Signature => ({ least, most, gives: "value" });
const test = (least: number, most: number | null = least): Signature => ({ least, most, gives: "condition" });
const refused = (unsupported: string): Signature => ({ least: 0, most: null, gives: "value", unsupported });

const signatures: Readonly<Record<string, Signature>> = {
  // comparison and conditions
  case: { least: 2, most: null, gives: "branch", conditions: "even" },
  if: { least: 3, most: 3, gives: "branch", conditions: "first" },
  validate: { least: 2, most: null, gives: "branch", conditions: "even" },
  coalesce: value(1, null),
  nullif: value(2),
  like: test(2),
  match: test(2),
  cidrmatch: test(2),
  searchmatch: test(1),
  in: test(2, null),
  isnull: test(1),
  isnotnull: test(1),
  isnum: test(1),
  isint: test(1),
  isstr: test(1),
  true: test(0),
  false: test(0),
  null: value(0),
  // text
  lower: value(1),
  upper: value(1),
  len: value(1),
  substr: value(2, 3),
  trim: value(1, 2),
  ltrim: value(1, 2),
  rtrim: value(1, 2),
  replace: value(3),
  split: value(2),
  urldecode: value(1),
  tonumber: value(1, 2),
  tostring: value(1, 2),
  md5: value(1),
  sha1: value(1),
  sha256: value(1),
  sha512: value(1),
  // multivalue
  mvindex: value(2, 3),
  mvcount: value(1),
  mvjoin: value(2),
  mvappend: value(1, null),
  mvdedup: value(1),
  mvsort: value(1),
  mvfind: value(2),
  mvfilter: { least: 1, most: 1, gives: "value", conditions: "all" },
  // numbers
  abs: value(1),
  ceil: value(1),
  ceiling: value(1),
  floor: value(1),
  round: value(1, 2),
  exact: value(1),
  sqrt: value(1),
  pow: value(2),
  ln: value(1),
  exp: value(1),
  log: value(1, 2),
  pi: value(0),
  max: value(1, null),
  min: value(1, null),
  // time
  now: value(0),
  time: value(0),
  strftime: value(2),
  strptime: value(2),
  relative_time: value(2),
  // known, and not evaluated
  random: refused("its result is another one each time"),
  spath: refused("use the command spath"),
  json_extract: refused("use the command spath"),
  json_object: refused("no detection of the reference page needs it"),
  mvmap: refused("use mvexpand and eval"),
  mvzip: refused("use mvexpand and eval"),
  mvrange: refused("no detection of the reference page needs it"),
  printf: refused("join the parts with the operator ."),
  commands: refused("it is for audit logs of Splunk itself"),
  typeof: refused("what it names depends on how a value came about"),
  cluster: refused("it is not exact"),
  sigfig: refused("use round()"),
};

/** The signature of a function, by its name in lower case; null when SPL has none of that name. */
export function functionSignature(name: string): Signature | null {
  return (Object.hasOwn(signatures, name) ? signatures[name] : undefined) ?? null;
}

/** The names of all functions that can be evaluated. */
export function functionNames(): string[] {
  return Object.keys(signatures).filter((name) => signatures[name]?.unsupported === undefined);
}
