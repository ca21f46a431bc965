/** An event as a query is given it. */
export interface SplEvent {
  /** Result rows name the events that they stem from by it. */
  readonly id: string;
  /** Milliseconds since 1970, UTC; null when unknown: `_time` is then absent. */
  readonly time: number | null;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The event's text; without it `_raw` is the fields, one `name=value` a line. */
  readonly raw?: string | undefined;
  readonly index?: string | undefined;
  readonly sourcetype?: string | undefined;
  readonly source?: string | undefined;
  readonly host?: string | undefined;
  /** Stands in for index, sourcetype and source where they are not given. */
  readonly logsource?:
    | {
        readonly product: string;
        readonly category?: string | undefined;
        readonly service?: string | undefined;
      }
    | undefined;
}
