import { createHash } from "node:crypto";

/**
 * A fingerprint of the text of a rule: of the one document of a file that has the id, without its comments and empty lines; of all of
 * the file where none says that id. Two texts that differ in their layout alone are two texts.
 */
export function ruleFingerprint(text: string, id: string): string {
  const documents = text.split(/^---.*$/m);
  const own = documents.find(
    (document) => /^id:\s*["']?([^\s"'#]+)/m.exec(document)?.[1]?.toLowerCase() === id.toLowerCase(),
  );
  const lines = (own ?? text).split(/\r?\n/).map((line) => line.trimEnd());
  const said = lines.filter((line) => line !== "" && !/^\s*#/.test(line));
  return createHash("sha256").update(said.join("\n")).digest("hex");
}
