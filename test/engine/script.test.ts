import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { actScript, cleanupScript, quote } from "../../src/engine/script.js";
import { actArguments, takesCode } from "../../src/playbook/act-arguments.js";
import type { Act, Trial } from "../../src/model/trial.js";
import { absentShells, give, isInstalled, nonce, type Ran, type Shell, shells } from "./script-shells.js";
import { freshFolder, shellTrial, tidy } from "./workbench.js";

afterEach(tidy);

async function act(shell: Shell, trial: Trial): Promise<Ran> {
  const word = nonce();
  return await give(shell, actScript(trial, word), word);
}

async function cleanUp(shell: Shell, trial: Trial): Promise<Ran> {
  const word = nonce();
  return await give(shell, cleanupScript(trial, word), word);
}

/** Text that means something to a shell, a printf, a regular expression or a terminal. */
const hostile = [
  ...[
    "",
    " ",
    "a b",
    "  two  ",
    "'",
    "''",
    "'\\''",
    `"`,
    "\\",
    "\\\\",
    "\\n",
    "$HOME",
    "${x:-y}",
    "$(id)",
    "`id`",
  ],
  ...[
    "*",
    "?",
    "[a-z]*",
    "~",
    "~root",
    "!",
    "!!",
    "#x",
    ";",
    "&",
    "|",
    "a;id",
    "&& id",
    "> f",
    "<<EOF",
    "{a,b}",
  ],
  ...[
    "-n",
    "--",
    "-e x",
    "%s",
    "%%",
    "%d\\c",
    "a=b",
    "=",
    "\t",
    "\n",
    "a\nb\n",
    "\n\n'\n",
    "\r\n",
    "\u0001\u001b[31m",
  ],
  ...["é", "日本語", "🙂", "\u00a0", "\u2028", "x".repeat(20_000)],
];

const wanted = `it's "q" $HOME \`id\` $(id) \\ % é\n`;

/** Code in every family that prints the same text; the shell's own characters must reach it as they are. */
const families: readonly { readonly program: string; readonly code: string }[] = [
  { program: "sh", code: `printf '%s\\n' 'it'\\''s "q" $HOME \`id\` $(id) \\ % é'` },
  { program: "bash", code: `echo $'it\\'s "q" $HOME \`id\` $(id) \\\\ % é'` },
  { program: "python3", code: `print("""it's "q" $HOME \`id\` $(id) \\\\ % é""")` },
  { program: "perl", code: `print q{it's "q" $HOME \`id\` $(id) \\\\ % é}, "\\n";` },
  { program: "node", code: `console.log("it's \\"q\\" $HOME \`id\` $(id) \\\\ % é")` },
  { program: "lua5.4", code: `print([[it's "q" $HOME \`id\` $(id) \\ % é]])` },
  { program: "gjs", code: `print("it's \\"q\\" $HOME \`id\` $(id) \\\\ % é")` },
];
const installed = families.filter(({ program }) => isInstalled(program));

for (const { program } of families.filter((family) => !installed.includes(family)))
  test(`code for ${program} is executed as written`, ({ skip }) => skip("it is not installed"));
for (const { name } of absentShells)
  test(`the scripts under ${name}`, ({ skip }) => skip("it is not installed"));

describe.each(shells)("under $name", (shell) => {
  test("every hostile text is one word and stays as it is", async () => {
    const ran = await give(shell, hostile.map((text) => `printf '%s\\0' ${quote(text)}\n`).join(""), nonce());
    expect(ran.stdout.split("\0").slice(0, -1)).toEqual(hostile);
    expect(ran.stderr).toBe("");
  });

  test("all of them reach a program as its arguments, beside each other", async () => {
    const options = ["-c", "for word do printf '%s\\0' \"$word\"; done", "name", ...hostile];
    const ran = await act(
      shell,
      shellTrial("last $word", { act: { program: "sh", options, via: "argument" } }),
    );
    // The code comes behind an option of its own.
    expect(ran.stdout.split("\0").slice(0, -1)).toEqual([...hostile, "-c", "last $word"]);
  });

  test.each(
    installed.flatMap((family) =>
      (["argument", "file", "stdin"] as const)
        .filter((via) => takesCode(family.program, via))
        .map((via) => ({ ...family, via })),
    ),
  )("code for $program by way of $via is executed as written", async ({ program, code, via }) => {
    const ran = await act(shell, shellTrial(code, { act: { program, via } }));
    expect({ stdout: ran.stdout, stderr: ran.stderr, code: ran.code }).toEqual({
      stdout: wanted,
      stderr: "",
      code: 0,
    });
  });

  test("an act that gets no code on its standard input gets nothing there, and not the rest of the script", async () => {
    for (const via of ["argument", "file"] as const) {
      const ran = await act(shell, shellTrial("cat; echo done", { act: { via } }));
      expect([ran.stdout, ran.said("ended"), ran.code]).toEqual(["done\n", "0", 0]);
    }
  });

  test("code on the standard input cannot close its here-document, nor is anything in it expanded", async () => {
    const text = [
      "EOF",
      "nonce",
      "'",
      "tyrian-000000000000000000000000",
      " tyrian-",
      "$HOME `id` $(id) \\",
      ")",
      "}",
      "",
    ];
    const code = `cat <<'X'\n${text.join("\n")}\nX\necho done`;
    const ran = await act(shell, shellTrial(code, { act: { via: "stdin" } }));
    expect([ran.stdout, ran.stderr, ran.said("ended")]).toEqual([`${text.join("\n")}\ndone\n`, "", "0"]);
  });

  test("code of more than a pipe holds, of which the program reads nothing, holds up nothing", async () => {
    const code = `exit 7\n${"# padding\n".repeat(30_000)}`;
    const ran = await act(shell, shellTrial(code, { act: { via: "stdin" } }));
    expect([ran.said("ended"), ran.said("left-behind"), ran.code]).toEqual(["7", null, 7]);
  });

  test("files are placed before the act, as they are and for nobody else, in its folder", async () => {
    const files: Act["files"] = [
      { name: "plain", content: "it's $HOME\n\\n%s no line feed at the end", executable: false },
      { name: "a b'c", content: "", executable: false },
      { name: "run.sh", content: "#!/bin/sh\necho run $PWD\n", executable: true },
    ];
    const trial = shellTrial("./run.sh; cat plain; echo; ls", { act: { files } });
    const ran = await act(shell, trial);
    expect(ran.stdout).toBe(`run ${trial.work}\n${files[0]?.content}\na b'c\nplain\nrun.sh\n`);
    expect(statSync(trial.work).mode & 0o777).toBe(0o700);
    expect(statSync(join(trial.work, "plain")).mode & 0o777).toBe(0o600);
    expect(statSync(join(trial.work, "run.sh")).mode & 0o777).toBe(0o700);
  });

  test("the first requirement that is missing is named, and neither sentinel nor act comes", async () => {
    const file = join(freshFolder(), "ran");
    const trial = shellTrial(`touch ${file}`, {
      requires: [
        { description: "", check: "cat; cd /; exit 0" },
        { description: "", check: "echo noise; echo noise >&2; [ -d . ]" },
        { description: "", check: "false # a comment" },
        { description: "", check: "exit 3" },
      ],
    });
    const ran = await act(shell, trial);
    expect(ran.statuses).toEqual([{ word: "requirement-missing", rest: "2" }]);
    expect([ran.code, ran.stdout, ran.stderr, existsSync(file)]).toEqual([125, "", "", false]);
  });

  test("requirements that are there change nothing of the act's surroundings", async () => {
    const requires = [{ description: "", check: "cd /; umask 0; x=1; export x; exec true" }];
    const trial = shellTrial("pwd; umask; echo ${x-unset}; command -v say look_around; echo done", {
      requires,
    });
    expect((await act(shell, trial)).stdout).toBe(`${trial.work}\n0077\nunset\ndone\n`);
  });

  test("a work folder that is there already, or is a link, or cannot be made is refused", async () => {
    const elsewhere = freshFolder();
    const file = join(freshFolder(), "ran");
    const refused = async (trial: Trial): Promise<void> => {
      const ran = await act(shell, trial);
      expect([ran.statuses, ran.code]).toEqual([[{ word: "work-folder-failed", rest: "" }], 125]);
      expect(existsSync(file)).toBe(false);
    };
    const there = shellTrial(`touch ${file}`);
    mkdirSync(there.work);
    await refused(there);
    const link = shellTrial(`touch ${file}`, {
      act: { files: [{ name: "planted", content: "x", executable: false }] },
    });
    symlinkSync(elsewhere, link.work);
    await refused(link);
    expect(existsSync(join(elsewhere, "planted"))).toBe(false);
    await refused(shellTrial(`touch ${file}`, { work: join(elsewhere, "no/such/folder") }));
  });

  test("the reports stand apart from what the act writes, whatever that ends with", async () => {
    const ran = await act(shell, shellTrial("printf 'no line feed' >&2; printf out; exit 4"));
    expect(ran.statuses).toEqual([
      { word: "started", rest: "" },
      { word: "ended", rest: "4" },
      { word: "looked", rest: expect.stringMatching(/^\d+$/) as string },
    ]);
    expect([ran.stdout, ran.stderr, ran.code]).toEqual(["out", "no line feed", 4]);
  });

  test("an act that is killed, is not found or may not be executed ends with the shell's status for that", async () => {
    const killed = await act(shell, shellTrial("kill -KILL $$"));
    expect([killed.said("ended"), killed.stderr]).toEqual(["137", ""]);
    const absent = await act(shell, shellTrial("x", { act: { program: "/nonexistent/program" } }));
    expect(absent.said("ended")).toBe("127");
    const refused = await act(shell, shellTrial("x", { act: { program: "/etc/passwd" } }));
    expect(refused.said("ended")).toBe("126");
  });

  test("the act is the process that the wrapper starts: no shell of ours stands between them", async () => {
    const ran = await act(
      shell,
      shellTrial("print(open(f'/proc/{__import__(\"os\").getppid()}/comm').read())", {
        act: { program: "python3" },
      }),
    );
    expect(ran.stdout.trim()).toBe(shell.command[0]);
  });

  test("a cleanup undoes the work folder with all that is in it, and proves it", async () => {
    const trial = shellTrial("mkdir -p a/b; echo x > a/b/c; ln -s /etc link; chmod 0 a/b/c");
    await act(shell, trial);
    const ran = await cleanUp(shell, trial);
    expect(ran.statuses.map(({ word, rest }) => `${word} ${rest}`)).toEqual([
      ...["swept 0", "remaining 0", "work-folder gone"],
    ]);
    expect([existsSync(trial.work), existsSync("/etc/passwd")]).toEqual([false, true]);
  });

  test("a cleanup's own commands are executed in the work folder, then its probe outside", async () => {
    const file = join(freshFolder(), "where");
    const trial = shellTrial("true", {
      cleanup: { run: `cat; pwd > ${file}; exit 3`, probe: `cat; pwd >> ${file}; exit 5` },
    });
    await act(shell, trial);
    const ran = await cleanUp(shell, trial);
    expect(readFileSync(file, "utf8")).toBe(`${trial.work}\n/\n`);
    expect([ran.said("cleanup"), ran.said("probe"), ran.said("work-folder")]).toEqual(["3", "5", "gone"]);
  });

  test("a cleanup does not follow a link that took the work folder's place, and removes the link alone", async () => {
    const elsewhere = freshFolder();
    writeFileSync(join(elsewhere, "kept"), "x");
    const trial = shellTrial("true", { cleanup: { run: "rm -f kept; echo x > planted", probe: "true" } });
    symlinkSync(elsewhere, trial.work);
    const ran = await cleanUp(shell, trial);
    expect([existsSync(join(elsewhere, "kept")), existsSync(join(elsewhere, "planted"))]).toEqual([
      true,
      false,
    ]);
    expect([ran.said("cleanup"), ran.said("work-folder")]).toEqual(["125", "gone"]);
  });

  test("a cleanup of a trial that left no folder is done all the same", async () => {
    const file = join(freshFolder(), "cleaned");
    const trial = shellTrial("true", { cleanup: { run: `touch ${file}`, probe: `[ -e ${file} ]` } });
    const ran = await cleanUp(shell, trial);
    expect([ran.said("cleanup"), ran.said("probe"), ran.said("work-folder")]).toEqual(["0", "0", "gone"]);
  });
});

test("no command line of the act names the trial", () => {
  const trial = shellTrial("x");
  for (const via of ["argument", "file", "stdin"] as const) {
    expect(actArguments({ ...trial.act, via }, trial.work).join(" ")).not.toContain(trial.id);
  }
});
