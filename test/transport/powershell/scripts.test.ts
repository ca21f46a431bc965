import { createRequire } from "node:module";
import { Language, Parser } from "web-tree-sitter";
import { expect, test } from "vitest";
import { farSide } from "../../../src/transport/powershell/far-side.js";
import { scriptOf } from "../../../src/transport/powershell/near-side.js";

/** No PowerShell reads them in tests, so at least their syntax is held to a grammar of it. */
test("the scripts of both sides are PowerShell by their syntax, and what is sent is one line", async () => {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve(
    "tree-sitter-powershell/tree-sitter-powershell.wasm",
  );
  const parser = new Parser().setLanguage(await Language.load(grammar));
  const sent = scriptOf({ mark: "one" }, true);
  const literals = [...sent.matchAll(/'([\w+/=]+)'/g)].map(([, text = ""]) =>
    Buffer.from(text, "base64").toString(),
  );
  expect(literals[1]).toBe(`{"mark":"one"}`);
  const scripts = [farSide, literals[0] ?? "", sent];
  expect(scripts.map((text) => parser.parse(text)?.rootNode.hasError)).toEqual([false, false, false]);
  expect(sent).not.toMatch(/[\r\n]/);
});
