/** What was found, and whether it is all. */
export interface Found<T> {
  readonly rows: readonly T[];
  /** Why there may be more; null when this is all. */
  readonly lacks: string | null;
}

export function found<T>(rows: readonly T[], lacks: string | null = null): Found<T> {
  return { rows, lacks };
}

/** What was found by several questions. */
export function foundTogether<T>(parts: readonly Found<T>[]): Found<T> {
  const lacks = parts.flatMap((part) => part.lacks ?? []);
  return { rows: parts.flatMap(({ rows }) => rows), lacks: lacks.length === 0 ? null : lacks.join("; ") };
}

/** Rows that one question may find; whoever finds more has asked too widely. */
export const MOST_ROWS = 50_000;

/** One page of a server that tells where the next one begins. */
export interface Page<T, C> {
  readonly rows: readonly T[];
  /** Where the next page begins; null after the last. */
  readonly next: C | null;
  /** Why the page may lack rows; null or absent when it does not. */
  readonly lacks?: string | null;
}

/**
 * All pages of a server that tells where the next one begins: a cursor, a token, an offset. A server that sends us in a circle is
 * not followed.
 */
export async function allPages<T, C>(
  first: C,
  fetch: (from: C) => Promise<Page<T, C>>,
  most: number = MOST_ROWS,
): Promise<Found<T>> {
  const rows: T[] = [];
  const lacks: string[] = [];
  const seen = new Set<string>();
  for (let from: C | null = first; from !== null;) {
    const place = JSON.stringify(from);
    if (seen.has(place)) {
      lacks.push(`the server gave the page ${place} a second time`);
      break;
    }
    seen.add(place);
    const page: Page<T, C> = await fetch(from);
    rows.push(...page.rows);
    if (page.lacks !== undefined && page.lacks !== null) lacks.push(page.lacks);
    if (page.next !== null && rows.length >= most) {
      lacks.push(`there are more than ${rows.length} rows`);
      break;
    }
    from = page.next;
  }
  return found(rows, lacks.length === 0 ? null : lacks.join("; "));
}

/** How a server that pages by time alone is asked. */
export interface TimePaging<T> {
  /** Inclusive, in the server's own unit. */
  readonly from: bigint;
  readonly to: bigint;
  /** Rows that a page holds at most. */
  readonly size: number;
  /** The rows of the span in order of time, the earliest first, and not more than `size`. */
  fetch(from: bigint, to: bigint): Promise<readonly T[]>;
  timeOf(row: T): bigint;
  /** What tells two rows of one time apart. */
  idOf(row: T): string;
}

/**
 * All rows of a server that pages by time alone. The next page begins at the last row's time and not after it: rows of that
 * time may stand on both sides of the edge. Where more rows have one time than a page holds, the rest of them cannot be had,
 * and the answer says so.
 */
export async function pagesByTime<T>(paging: TimePaging<T>, most: number = MOST_ROWS): Promise<Found<T>> {
  const { to, size, fetch, timeOf, idOf } = paging;
  const rows = new Map<string, T>();
  const lacks: string[] = [];
  for (let from = paging.from; from <= to;) {
    const page = await fetch(from, to);
    for (const row of page) rows.set(idOf(row), row);
    const last = page.at(-1);
    if (last === undefined || page.length < size) break;
    if (rows.size >= most) {
      lacks.push(`there are more than ${rows.size} rows`);
      break;
    }
    const end = timeOf(last);
    if (end > from) from = end;
    else {
      lacks.push(`more than ${size} rows have the time ${end}, and a page holds no more`);
      from = end + 1n;
    }
  }
  return found([...rows.values()], lacks.length === 0 ? null : lacks.join("; "));
}
