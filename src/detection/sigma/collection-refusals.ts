import type { Diagnostic } from "../../errors.js";
import type { RefusedDocument } from "./collection-file.js";
import { headOf, type DocumentIndex, type Entered } from "./collection-index.js";

/** A document that cannot be used, in a file or among the others: its diagnostics hold at least one error. */
export interface RefusedFromCollection extends Omit<RefusedDocument, "type" | "number"> {
  readonly file: string;
}

/** What was found out about documents when they were put together. */
export class Refusals {
  readonly #found = new Map<Entered, Diagnostic[]>();

  /** Refuses a document: the diagnostics hold an error. */
  refuse(entered: Entered, diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) this.note(entered, diagnostic);
  }

  note(entered: Entered, diagnostic: Diagnostic): void {
    const found = this.#found.get(entered) ?? [];
    found.push(diagnostic);
    this.#found.set(entered, found);
  }

  of(entered: Entered): readonly Diagnostic[] {
    return this.#found.get(entered) ?? [];
  }

  isRefused(entered: Entered): boolean {
    return (
      entered.document.type === "refused" || this.of(entered).some(({ severity }) => severity === "error")
    );
  }

  list(index: DocumentIndex): RefusedFromCollection[] {
    return index.all
      .filter((entered) => this.isRefused(entered))
      .map((entered) => {
        const { document, file } = entered;
        const diagnostics = [...document.diagnostics, ...this.of(entered)];
        const { position } = document;
        if (document.type === "refused") {
          const { kind, id, name, title } = document;
          return { kind, id, name, title, file, position, diagnostics };
        }
        const { id, name, title } = headOf(document);
        return { kind: document.type, id, name, title, file, position, diagnostics };
      });
  }
}
