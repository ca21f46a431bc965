import { basename, extname } from "node:path";
import type { Diagnostic, Position } from "../../errors.js";
import type { RefusedDocument, SigmaDocument, SigmaFile } from "./collection-file.js";
import type { Refusals } from "./collection-refusals.js";
import type { RuleReference } from "./correlation/tree.js";
import { didYouMean } from "./text.js";

/** A document in its collection. */
export interface Entered {
  readonly document: SigmaDocument;
  readonly file: string;
  /** Its own id, or the one made of its file's name. */
  readonly id: string;
}

type Of<Type extends SigmaDocument["type"]> = Entered & {
  readonly document: SigmaDocument & { readonly type: Type };
};

/** The documents of a collection, by the ids and names by which others refer to them. */
export class DocumentIndex {
  readonly all: readonly Entered[];
  readonly #files: readonly SigmaFile[];
  readonly #refusals: Refusals;
  readonly #byId = new Map<string, Entered>();
  readonly #byName = new Map<string, Entered[]>();

  constructor(files: readonly SigmaFile[], refusals: Refusals) {
    this.#files = files;
    this.#refusals = refusals;
    this.all = files.flatMap(({ documents, file }) =>
      documents.map((document): Entered => {
        const { id, name } = document.type === "refused" ? document : headOf(document);
        return { document, file, id: id ?? idFromFile(file, name, document.number, documents.length > 1) };
      }),
    );
    const taken = new Map<string, Entered>();
    for (const entered of this.all) this.#enter(entered, taken);
  }

  rules(): Of<"rule">[] {
    return this.#ofType("rule");
  }

  correlations(): Of<"correlation">[] {
    return this.#ofType("correlation");
  }

  filters(): Of<"filter">[] {
    return this.#ofType("filter");
  }

  /** The rules and correlations that a reference names: by id one at most, by name those that share it. */
  find({ text }: RuleReference): readonly Entered[] {
    const byId = this.#byId.get(text.toLowerCase());
    return byId === undefined ? (this.#byName.get(text) ?? []) : [byId];
  }

  /** Why a reference names nothing: it may name a document that was refused. */
  missing({ text, position }: RuleReference, severity: Diagnostic["severity"]): Diagnostic {
    const refused = this.all.find(({ document, id }) => {
      if (document.type !== "refused") return false;
      return id.toLowerCase() === text.toLowerCase() || document.name === text;
    });
    if (refused !== undefined) {
      const { line } = refused.document.position;
      const message = `"${text}" was refused: ${refused.file}:${line}`;
      return {
        ...position,
        severity,
        code: "reference-refused",
        message,
        hint: "correct that document first",
      };
    }
    const known = [...this.#byName.keys(), ...this.#byId.keys()];
    const fallback = "give the rule's file, too; a reference is a rule's id or name, not its title or file";
    const hint = didYouMean(text, known, fallback);
    return {
      ...position,
      severity,
      code: "reference-unknown",
      message: `no rule has the id or name "${text}"`,
      hint,
    };
  }

  /** Of all documents, in the order of the files and of their lines. */
  diagnostics(refusals: Refusals): Diagnostic[] {
    const byDocument = new Map(this.all.map((entered) => [entered.document, entered]));
    return this.#files.flatMap(({ documents, diagnostics }) => {
      const added = documents.flatMap((document) => {
        const entered = byDocument.get(document);
        return entered === undefined ? [] : refusals.of(entered);
      });
      return [...diagnostics, ...added].toSorted(
        (left, right) => left.line - right.line || left.column - right.column,
      );
    });
  }

  #enter(entered: Entered, taken: Map<string, Entered>): void {
    const { document } = entered;
    if (document.type === "refused") return;
    // A filter is never referred to: only an id that it gives itself can be taken.
    if (document.type === "filter" && document.filter.id === null) return;
    const first = taken.get(entered.id.toLowerCase());
    if (first !== undefined) {
      this.#refusals.refuse(entered, [duplicate(entered, first)]);
      return;
    }
    taken.set(entered.id.toLowerCase(), entered);
    if (document.type === "filter") return;
    const { id, name } = headOf(document);
    if (id !== null) this.#byId.set(id.toLowerCase(), entered);
    if (name === null) return;
    const sharing = this.#byName.get(name) ?? [];
    const [other] = sharing;
    if (other !== undefined) {
      const message = `the name "${name}" is taken: ${placeOf(other)}`;
      const hint = "names must be unique where correlations use them: choose another, or refer by id";
      const where = document.position;
      this.#refusals.note(entered, { ...where, severity: "warning", code: "duplicate-name", message, hint });
    }
    this.#byName.set(name, [...sharing, entered]);
  }

  #ofType<Type extends "rule" | "correlation" | "filter">(type: Type): Of<Type>[] {
    return this.all.filter(
      (entered): entered is Of<Type> => entered.document.type === type && !this.#refusals.isRefused(entered),
    );
  }
}

export function placeOf({ file, document }: Entered): string {
  return `${file}:${document.position.line}`;
}

function duplicate(entered: Entered, first: Entered): Diagnostic {
  const where: Position = entered.document.position;
  const message = `the id "${entered.id}" is taken: ${placeOf(first)}`;
  const hint = "give it an id of its own; if it is the same rule, load it once";
  return { ...where, severity: "error", code: "duplicate-id", message, hint };
}

/** Id, name and title of a document that could be read. */
export function headOf(document: Exclude<Entered["document"], RefusedDocument>): {
  id: string | null;
  name: string | null;
  title: string;
} {
  const tree =
    document.type === "rule"
      ? document.rule
      : document.type === "filter"
        ? document.filter
        : document.correlation;
  return { id: tree.id, name: tree.name ?? null, title: tree.title };
}

/** The id that a document without one gets: its file's name; in a file of several documents its own name, or its number. */
function idFromFile(file: string, name: string | null, number: number, several: boolean): string {
  const stem = basename(file, extname(file));
  return several ? (name ?? `${stem}-${number}`) : stem;
}
