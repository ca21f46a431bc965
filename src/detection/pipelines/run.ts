import type { Diagnostic, Position } from "../../errors.js";
import type { PlaceholderAnswer, ProcessingItem, StateValue } from "./pipeline.js";
import type { Leaf, WorkRule } from "./work-rule.js";

/** A mapping of field names that was applied. */
export interface FieldStep {
  readonly id: string | null;
  /** The names that a name becomes, where other steps have changed it before. */
  map(name: string, processedBy: ReadonlySet<string>): readonly string[];
}

/** One application of pipelines to one rule: the rule as it is so far, and what is remembered of the way. */
export class Run {
  readonly state = new Map<string, StateValue>();
  readonly custom = new Map<string, StateValue>();
  readonly applied: string[] = [];
  /** Fields that a mapping was applied to, and those that it gave. */
  readonly mapped = new Set<string>();
  /** Ids of the items that changed a field name that stands outside of selections. */
  readonly fieldProcessedBy = new Map<string, ReadonlySet<string>>();
  readonly warnings: Diagnostic[] = [];
  /** What the steps say of placeholders, first come first served. */
  readonly placeholders: PlaceholderAnswer[] = [];
  /** The mappings that were applied, for names of fields that stand elsewhere, such as in a correlation. */
  readonly fieldSteps: FieldStep[] = [];

  constructor(
    readonly rule: WorkRule,
    readonly vars: ReadonlyMap<string, readonly string[]>,
    /** The rule's other keys, such as status and author; null when they are not known. */
    readonly attributes: Readonly<Record<string, unknown>> | null,
  ) {}

  /** Takes a step, if its conditions on the rule hold. */
  take(item: ProcessingItem): void {
    if (!item.rule(this)) return;
    item.transformation(this, item);
    if (item.id !== null && !this.applied.includes(item.id)) this.applied.push(item.id);
  }

  /** Whether a line of the rule is one that an item's conditions are about. */
  wants(item: ProcessingItem, leaf: Leaf): boolean {
    return item.leaf(leaf, this) && item.field.ofLeaf(leaf, this);
  }

  /** Remembers that names were made of a name by a step. */
  trackField(from: string, to: readonly string[], { id }: ProcessingItem): void {
    this.mapped.add(from);
    for (const name of to) this.mapped.add(name);
    if (to.length === 1 && to[0] === from) return;
    const ids = new Set(this.fieldProcessedBy.get(from));
    if (id !== null) ids.add(id);
    this.fieldProcessedBy.delete(from);
    for (const name of to) this.fieldProcessedBy.set(name, ids);
  }

  /** What a name that stands outside of the rule becomes through the mappings that were applied. */
  mapField(field: string): readonly string[] {
    let names: readonly { name: string; processedBy: ReadonlySet<string> }[] = [
      { name: field, processedBy: new Set() },
    ];
    for (const step of this.fieldSteps) {
      names = names.flatMap(({ name, processedBy }) =>
        step.map(name, processedBy).map((mapped) => ({
          name: mapped,
          processedBy: mapped === name || step.id === null ? processedBy : new Set([...processedBy, step.id]),
        })),
      );
    }
    return [...new Set(names.map(({ name }) => name))];
  }

  warn(position: Position, code: string, message: string, hint: string): void {
    this.warnings.push({ ...position, severity: "warning", code, message, hint });
  }
}

/** The line, marked as changed by an item. */
export function processed(leaf: Leaf, { id }: ProcessingItem): Leaf {
  return id === null ? leaf : { ...leaf, processedBy: new Set([...leaf.processedBy, id]) };
}
