/** What an expectation names: a file, and where it holds several rules that alert, the one of them. */
export interface AnalyticName {
  readonly path: string;
  /** The rule's id or name; null: the one of the file that alerts. */
  readonly rule: string | null;
}

/** Reads `FILE` or `FILE#RULE`. Only a file of Sigma holds several: in another name a `#` is a letter like others. */
export function readAnalyticName(analytic: string): AnalyticName {
  const [, path, rule] = /^(.+?\.ya?ml)#(.+)$/is.exec(analytic) ?? [];
  return path === undefined || rule === undefined ? { path: analytic, rule: null } : { path, rule };
}
