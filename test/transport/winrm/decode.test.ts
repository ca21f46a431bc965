import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codePages } from "../../../src/model/target.js";
import { StreamDecoder } from "../../../src/transport/winrm/decode.js";

type CodePage = (typeof codePages)[number];

function decoded(stream: "stdout" | "stderr", codePage: CodePage, pieces: readonly Uint8Array[]): string {
  const decoder = new StreamDecoder(stream, codePage);
  const out = pieces.map((piece) => Buffer.from(decoder.push(piece)));
  return Buffer.concat([...out, decoder.finish()]).toString("utf8");
}

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const header = "#< CLIXML\r\n";
const objects = (...records: string[]): string =>
  `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">${records.join("")}</Objs>`;
const progress =
  '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T></TN><MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV></PR></MS></Obj>';

test("however a stream is cut into pieces, it is decoded the same", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(
      header,
      objects(progress),
      objects('<S S="Error">no_x000D__x000A_</S>'),
      "\r\n",
      "#",
      "#< CLI",
    ),
  );
  const bytes = fc.oneof(
    fc.array(text, { maxLength: 6 }).map((parts) => Buffer.from(parts.join(""))),
    fc.uint8Array({ maxLength: 60 }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom("stdout" as const, "stderr" as const),
      fc.constantFrom(...codePages),
      bytes,
      fc.array(fc.nat(400)),
      (stream, codePage, whole, cuts) => {
        expect(decoded(stream, codePage, cutAt(whole, cuts))).toBe(decoded(stream, codePage, [whole]));
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  [1252, "e9 80", "é€"],
  [1251, "cf f0 e8 e2 e5 f2", "Привет"],
  [866, "8f e0 a8 a2 a5 e2", "Привет"],
  [932, "82 b1 82 f1", "こん"],
  [936, "c4 e3 ba c3", "你好"],
  [949, "be c8 b3 e7", "안녕"],
  [950, "a7 41 a6 6e", "你好"],
  [874, "ca c7 d1 ca", "สวัส"],
] as const)("output in code page %i", (codePage, bytes, text) => {
  expect(decoded("stdout", codePage, [Buffer.from(bytes.replaceAll(" ", ""), "hex")])).toBe(text);
});

test("UTF-8 passes byte by byte, also what is none", () => {
  const decoder = new StreamDecoder("stdout", 65001);
  expect(decoder.push(Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff]))).toEqual(
    Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff]),
  );
  expect(decoder.finish()).toHaveLength(0);
});

describe("the error stream of PowerShell", () => {
  const shown = (text: string): string => decoded("stderr", 65001, [Buffer.from(text)]);

  test("is the text that a terminal would show, without progress bars", () => {
    const text = shown(
      header +
        objects(
          progress,
          '<S S="Error">nosuch : The term &apos;nosuch&apos; is not recognized_x000D__x000A_</S>',
          '<S S="Error">    + CategoryInfo : _x005F_x_x000D__x000A_</S>',
          '<S S="warning">careful</S>',
          '<S S="verbose">and so on</S>',
          '<S S="constructor">nothing known</S>',
          '<Obj S="information" RefId="1"><ToString>told</ToString></Obj>',
        ),
    );
    expect(text).toBe(
      "nosuch : The term 'nosuch' is not recognized\r\n    + CategoryInfo : _x\r\nWARNING: careful\r\nVERBOSE: and so on\r\nnothing known\r\ntold\r\n",
    );
  });

  test("may hold several documents, and what programs write between them", () => {
    const one = (word: string): string => objects(`<S S="Error">${word}_x000A_</S>`);
    expect(shown(`${header}${objects(progress)}${one("first")}plain\r\n${header}${one("second")}rest`)).toBe(
      "first\nplain\r\nsecond\nrest",
    );
  });

  test.each([
    `${header}<Objs Version="1.1.0.1"><S S="Error">never ended`,
    `${header}<Objs><S S="Error">damaged</Objs>`,
    `${header}${objects('<Obj RefId="0"><MS/></Obj>')}`,
    `${header}what is this`,
    `text #< CLIXML\r\n${objects(progress)}`,
    "#< CLIXM",
    "#",
  ])("that cannot be read is left as it is: %j", (text) => {
    expect(shown(text)).toBe(text);
  });

  test("is not held back when a document does not end", () => {
    const long = `${header}<Objs>${"x".repeat(5 * 1024 * 1024)}`;
    const decoder = new StreamDecoder("stderr", 65001);
    expect(decoder.push(Buffer.from(long)).length).toBe(long.length);
  });

  test("on standard output is none", () => {
    expect(decoded("stdout", 65001, [Buffer.from(header + objects(progress))])).toBe(
      header + objects(progress),
    );
  });
});
