import { expect, test } from "vitest";
import { errorTable } from "../../src/errors.js";

test("docs/errors.md is the table of the codes (renew it with: npx vitest run test/cli/errors-page.test.ts -u)", async () => {
  const rows = errorTable()
    .map(({ code, exit, hint }) => `| \`${code}\` | ${exit} | ${hint.replaceAll("|", "\\|")} |`)
    .sort();
  const page = [
    "# Error codes",
    "",
    "Generated from `src/errors.ts`. How errors are printed: [command-line.md](command-line.md).",
    "",
    "| code | exit status | what to do |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  await expect(page).toMatchFileSnapshot("../../docs/errors.md");
});
