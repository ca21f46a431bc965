import type { Position } from "../../errors.js";
import type { FieldCheck, LeafCheck, RuleCheck } from "./conditions/check.js";
import type { PlainValue } from "./pattern-text.js";
import type { Run } from "./run.js";

/** One step of a pipeline: what it does, and when. */
export interface ProcessingItem {
  /** The id that the file gives; null when it gives none. */
  readonly id: string | null;
  /** Where the step stands in the pipeline's file. */
  readonly position: Position;
  /** The transformation's name in the file, such as `field_name_mapping`. */
  readonly type: string;
  readonly rule: RuleCheck;
  readonly leaf: LeafCheck;
  readonly field: FieldCheck;
  readonly transformation: Transformation;
}

/** What a step does to a rule. Throws `PipelineProblem` when it cannot. */
export type Transformation = (run: Run, item: ProcessingItem) => void;

/** How a step answers for placeholders: any text, or the values in the pipeline's variables. */
export interface PlaceholderAnswer {
  readonly kind: "wildcard" | "values";
  readonly handles: (name: string) => boolean;
}

/** A processing pipeline as pySigma's YAML describes it. Made by `parsePipeline`. */
export interface Pipeline {
  /** The name that the file gives, else the file's path. */
  readonly name: string;
  readonly file: string;
  /** Pipelines are applied from the lowest priority to the highest. */
  readonly priority: number;
  /** Values of placeholders. */
  readonly vars: ReadonlyMap<string, readonly string[]>;
  readonly items: readonly ProcessingItem[];
}

/** What a state or a custom attribute holds. */
export type StateValue = PlainValue | null | readonly StateValue[] | { readonly [key: string]: StateValue };
