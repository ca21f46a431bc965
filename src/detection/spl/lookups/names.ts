/** The folder beside a query that its lookup tables stand in. */
export const lookupFolder = "lookups";

/**
 * The file's name for a lookup: `hosts` and `hosts.csv` are both `hosts.csv` (Splunk, Search Reference, "lookup": the name of
 * a CSV file or of a definition). Null for a name that is none of a file, such as one with a slash.
 */
export function lookupFileName(name: string): string | null {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_. -]*$/u.test(name)) return null;
  return name.endsWith(".csv") ? name : `${name}.csv`;
}
