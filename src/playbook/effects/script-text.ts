import type { ScriptLanguage } from "./script-rules.js";
import { escapesOfC } from "./text-tools.js";

const scriptEscapes: Readonly<Record<string, string>> = {
  ...escapesOfC,
  "`": "`",
  "\n": "",
  $: "$",
  "/": "/",
};

/** The text that a string literal's content stands for; null when an escape is not known. */
export function unescapeScript(text: string, language: ScriptLanguage): string | null {
  let out = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (character !== "\\") {
      out += character;
      continue;
    }
    const rest = text.slice(index + 1);
    const decimal = language === "lua" ? /^\d{1,3}/.exec(rest)?.[0] : undefined;
    const octal =
      language === "python"
        ? /^[0-7]{1,3}/.exec(rest)?.[0]
        : language === "javascript"
          ? /^0(?!\d)/.exec(rest)?.[0]
          : undefined;
    const hex = /^x([0-9a-fA-F]{2})/.exec(rest);
    const unicode = /^u([0-9a-fA-F]{4})|^u\{([0-9a-fA-F]{1,6})\}|^U([0-9a-fA-F]{8})/.exec(rest);
    const digits = unicode?.[1] ?? unicode?.[2] ?? unicode?.[3] ?? hex?.[1];
    let code: number | null = null;
    let length = 0;
    if (decimal !== undefined) [code, length] = [Number(decimal), decimal.length];
    else if (octal !== undefined) [code, length] = [Number.parseInt(octal, 8), octal.length];
    else if (digits !== undefined)
      [code, length] = [Number.parseInt(digits, 16), (unicode ?? hex)?.[0].length ?? 0];
    if (code !== null) {
      // Lua's are bytes: those above ASCII are parts of characters.
      if (code > 0x10ffff || (language === "lua" && decimal !== undefined && code > 0x7f)) return null;
      out += String.fromCodePoint(code);
      index += length;
      continue;
    }
    const plain = scriptEscapes[rest[0] ?? ""];
    if (plain !== undefined) out += plain;
    else if (language === "python" && rest[0] !== "N") out += `\\${rest[0] ?? ""}`;
    else if (language === "javascript" && rest[0] !== undefined && !/[\dxu]/.test(rest[0])) out += rest[0];
    else return null;
    index += 1;
  }
  return out;
}
