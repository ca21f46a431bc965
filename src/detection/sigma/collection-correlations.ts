import type { Position } from "../../errors.js";
import type { CompiledRule } from "../rule.js";
import { resolveAliases } from "./collection-aliases.js";
import type { PreparedRule } from "./collection.js";
import { type FieldNames, mapFields } from "./collection-fields.js";
import type { Refusals } from "./collection-refusals.js";
import { placeOf, type DocumentIndex, type Entered } from "./collection-index.js";
import type { Correlation, Counted } from "./correlation/correlation.js";
import { makeCorrelationRule, type CorrelationRule } from "./correlation/rule.js";
import { isNumeric, type RuleReference } from "./correlation/tree.js";

/** A correlation of a collection. */
export interface ResolvedCorrelation {
  readonly correlation: Correlation;
  readonly rule: CorrelationRule;
  readonly position: Position;
  /** It alerts by itself. False when it is there for correlations that do not `generate`. */
  readonly alone: boolean;
}

type Compiled = ReadonlyMap<Entered, { readonly rule: CompiledRule; readonly prepared: PreparedRule }>;
type EnteredCorrelation = ReturnType<DocumentIndex["correlations"]>[number];

/**
 * Resolves the references of all correlations. `hidden` are the documents that alert only through correlations: rules that a
 * correlation names which does not `generate`, even one that is refused, for they were not written to alert alone.
 */
export function resolveCorrelations(
  index: DocumentIndex,
  compiled: Compiled,
  refusals: Refusals,
): { correlations: ResolvedCorrelation[]; hidden: ReadonlySet<Entered> } {
  const entered = index.correlations();
  const resolver = new Resolver(index, compiled, refusals);
  const resolved = entered.map((each) => ({ entered: each, correlation: resolver.resolve(each) }));
  const hidden = new Set<Entered>();
  for (const { document } of entered) {
    if (document.correlation.generate) continue;
    for (const reference of document.correlation.rules)
      for (const found of index.find(reference)) hidden.add(found);
  }
  const correlations = resolved.flatMap(({ entered: each, correlation }): ResolvedCorrelation[] => {
    if (correlation === null) return [];
    const rule = makeCorrelationRule(correlation);
    return [{ correlation, rule, position: each.document.position, alone: !hidden.has(each) }];
  });
  return { correlations, hidden };
}

class Resolver {
  readonly #done = new Map<Entered, Correlation | null>();
  /** By correlation: its group-by fields that a pipeline made several of. */
  readonly #expanded = new Map<Entered, ReadonlyMap<string, readonly string[]>>();
  /** The correlations that are being resolved, the outermost first. */
  readonly #path: Entered[] = [];

  constructor(
    private readonly index: DocumentIndex,
    private readonly compiled: Compiled,
    private readonly refusals: Refusals,
  ) {}

  resolve(entered: EnteredCorrelation): Correlation | null {
    const done = this.#done.get(entered);
    if (done !== undefined) return done;
    this.#path.push(entered);
    const correlation = this.#make(entered);
    this.#path.pop();
    this.#done.set(entered, correlation);
    return correlation;
  }

  #make(entered: EnteredCorrelation): Correlation | null {
    const tree = entered.document.correlation;
    const seen = new Map<Entered, string>();
    const counted = tree.rules.map((reference) => this.#counted(entered, reference, seen));
    if (counted.includes(null)) return null;
    const targets = [...seen.keys()];
    const aliases = resolveAliases(tree, targets, this.index);
    for (const diagnostic of aliases.diagnostics) this.refusals.note(entered, diagnostic);
    if (this.refusals.isRefused(entered)) return null;
    const mapped = mapFields(
      tree,
      aliases.fields,
      targets.map((target) => this.#namesIn(target)),
    );
    if ("refused" in mapped) {
      this.refusals.refuse(entered, [mapped.refused]);
      return null;
    }
    this.#expanded.set(entered, mapped.expanded);
    return {
      id: entered.id,
      title: tree.title,
      file: entered.file,
      tree: { ...tree, groupBy: mapped.groupBy },
      counted: counted as Counted[],
      fieldIn: mapped.fieldIn,
    };
  }

  /** What a name of a correlation is called in what a rule of its matches: a correlation keeps its own names. */
  #namesIn(target: Entered): FieldNames {
    const expanded = this.#expanded.get(target);
    const prepared = this.compiled.get(target)?.prepared;
    return (name) => expanded?.get(name) ?? prepared?.fieldsNamed?.(name) ?? [name];
  }

  #counted(
    entered: EnteredCorrelation,
    reference: RuleReference,
    seen: Map<Entered, string>,
  ): Counted | null {
    const refuse = (code: string, message: string, hint: string): null => {
      this.refusals.refuse(entered, [{ ...reference.position, severity: "error", code, message, hint }]);
      return null;
    };
    const found = this.index.find(reference);
    const [target] = found;
    if (target === undefined) {
      this.refusals.refuse(entered, [this.index.missing(reference, "error")]);
      return null;
    }
    if (found.length > 1) {
      const places = found.map(placeOf).join(", ");
      return refuse(
        "reference-ambiguous",
        `several rules are named "${reference.text}": ${places}`,
        "refer by id",
      );
    }
    const twin = seen.get(target);
    if (twin !== undefined)
      return refuse("name-repeated", `"${reference.text}" and "${twin}" are the same rule`, "remove one");
    seen.set(target, reference.text);
    if (target.document.type !== "correlation") {
      const rule = this.compiled.get(target)?.rule;
      return rule === undefined
        ? refuse(
            "reference-refused",
            `"${reference.text}" was refused: ${placeOf(target)}`,
            "correct that rule first",
          )
        : { type: "rule", reference: reference.text, rule };
    }
    const start = this.#path.indexOf(target);
    if (start !== -1) {
      const names = [...this.#path.slice(start), target].map(({ id }) => id);
      return refuse(
        "correlation-cycle",
        `correlations refer to each other in a circle: ${names.join(" -> ")}`,
        "break the circle",
      );
    }
    if (isNumeric(entered.document.correlation.type)) {
      const { type } = entered.document.correlation;
      return refuse(
        "correlation-type",
        `${type} needs events: "${reference.text}" is a correlation`,
        "name rules over events",
      );
    }
    const correlation = this.resolve(target as EnteredCorrelation);
    return correlation === null
      ? refuse(
          "reference-refused",
          `"${reference.text}" was refused: ${placeOf(target)}`,
          "correct that correlation first",
        )
      : { type: "correlation", reference: reference.text, correlation };
  }
}
