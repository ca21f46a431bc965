import type { QueryLanguage } from "../../detection/convert/index.js";
import type { RuleToPush } from "./rule-to-push.js";

/** A SIEM that reads its rules from files, and takes none by an API. */
export interface RuleFiles {
  readonly language: QueryLanguage;
  /** What is to be done with the file. */
  readonly whereTo: string;
  /** @throws TyrianError `push-unsupported` */
  fileOf(rule: RuleToPush): { readonly name: string; readonly text: string };
}
