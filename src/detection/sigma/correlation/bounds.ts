/** The operators of a correlation's condition (specification, "Condition"). */
export const operators = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
export type Operator = (typeof operators)[number];

/** What a number must satisfy, all of it: one operator, or a range of a lower and an upper one. */
export type Bounds = Readonly<Partial<Record<Operator, number>>>;

function given(bounds: Bounds): (readonly [Operator, number])[] {
  return operators.flatMap((operator) => {
    const value = bounds[operator];
    return value === undefined ? [] : [[operator, value] as const];
  });
}

function satisfies(value: number, operator: Operator, wanted: number): boolean {
  switch (operator) {
    case "gt":
      return value > wanted;
    case "gte":
      return value >= wanted;
    case "lt":
      return value < wanted;
    case "lte":
      return value <= wanted;
    case "eq":
      return value === wanted;
    case "neq":
      return value !== wanted;
  }
}

/** Whether a number is within the bounds. */
export function isWithin(bounds: Bounds, value: number): boolean {
  return given(bounds).every(([operator, wanted]) => satisfies(value, operator, wanted));
}

/** How far a number is from being within the bounds; 0 when it is. `whole`: only whole numbers can come. */
export function distanceTo(bounds: Bounds, value: number, whole: boolean): number {
  const distances = given(bounds).map(([operator, wanted]) => {
    if (satisfies(value, operator, wanted)) return 0;
    const step = whole ? 1 : Number.MIN_VALUE;
    switch (operator) {
      case "gt":
        return whole ? Math.floor(wanted) + 1 - value : wanted - value + step;
      case "lt":
        return whole ? value - (Math.ceil(wanted) - 1) : value - wanted + step;
      case "gte":
      case "lte":
      case "eq":
        return whole ? Math.ceil(Math.abs(wanted - value)) : Math.abs(wanted - value);
      case "neq":
        return step;
    }
  });
  return Math.max(0, ...distances);
}

/** The fewest that a whole number must be, when that is all that the bounds say; else null. */
export function fewestOf(bounds: Bounds): number | null {
  const [only, other] = given(bounds);
  if (only === undefined || other !== undefined) return null;
  const [operator, value] = only;
  if (operator === "gte") return Math.ceil(value);
  return operator === "gt" ? Math.floor(value) + 1 : null;
}

/** The numbers that a count, from 1 to a highest, or another measure can be: is each, none or some of them within the bounds? */
export function reachOf(
  bounds: Bounds,
  domain: { readonly highest: number } | null,
): "always" | "never" | "some" {
  const values = given(bounds).map(([, value]) => value);
  const probes =
    domain === null
      ? values.flatMap((value, index) => [
          value - 1,
          value,
          value + 1,
          (value + (values[index + 1] ?? value)) / 2,
        ])
      : [
          1,
          domain.highest,
          ...values.flatMap((value) => [-1, 0, 1].map((step) => Math.floor(value) + step)),
        ].filter((value) => value >= 1 && value <= domain.highest);
  const within = probes.filter((value) => isWithin(bounds, value)).length;
  if (within === 0) return "never";
  return within === probes.length ? "always" : "some";
}

const words: Readonly<Record<Operator, string>> = {
  gt: "more than",
  gte: "at least",
  lt: "fewer than",
  lte: "at most",
  eq: "exactly",
  neq: "other than",
};

/** The bounds in words, such as `more than 100 and at most 200`. */
export function boundsInWords(bounds: Bounds): string {
  return given(bounds)
    .map(([operator, value]) => `${words[operator]} ${value}`)
    .join(" and ");
}
