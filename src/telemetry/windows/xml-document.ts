import { XMLParser, XMLValidator } from "fast-xml-parser";
import { messageOf } from "../../errors.js";
import { EventDefect } from "./event-defect.js";

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  attributesGroupName: "#attributes",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignorePiTags: true,
  removeNSPrefix: true,
  // The library's would leave out characters by number, and read those of other documents.
  processEntities: false,
  tagValueProcessor: (_, text) => withCharacters(text),
  attributeValueProcessor: (_, text) => withCharacters(text),
});

const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const reference = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g;

/** The text with its references to characters replaced: the five that XML names, and those by number. */
function withCharacters(text: string): string {
  return text.replaceAll(reference, (whole, name?: string, decimal?: string, hexadecimal?: string) => {
    if (name !== undefined) return named[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  });
}

/** The text without comments, and with its CDATA sections as ordinary text. */
function withoutSections(text: string): string {
  return text.replaceAll(/<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, inner = "") =>
    String(inner).replaceAll("&", "&amp;").replaceAll("<", "&lt;"),
  );
}

/**
 * One element of XML in the form that evtx_dump gives as JSON: attributes under `#attributes`, text under `#text` beside
 * them. Entities are never expanded. Throws {@link EventDefect}.
 */
export function xmlDocument(source: string): unknown {
  const text = withoutSections(source);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) {
    throw new EventDefect(
      "event-xml-declares",
      "the event declares entities",
      "events of Windows declare none",
    );
  }
  if (text.replaceAll(reference, "").includes("&")) {
    throw new EventDefect("event-not-xml", "a reference names no character", "write & as &amp;");
  }
  const problem = XMLValidator.validate(text);
  if (problem !== true) {
    throw new EventDefect("event-not-xml", inSentence(problem.err.msg), "");
  }
  let parsed: unknown;
  try {
    parsed = parser.parse(text);
  } catch (thrown) {
    // The validator lets some things pass that the parser does not take, such as `<!!x`.
    throw new EventDefect("event-not-xml", inSentence(messageOf(thrown)), "");
  }
  return withoutLayout(parsed);
}

/** White space between elements is layout, and no text. */
function withoutLayout(value: unknown): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map(withoutLayout);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const text = entries.find(([name]) => name === "#text")?.[1];
  const isLayout =
    typeof text === "string" && /^\s*$/.test(text) && entries.some(([name]) => !name.startsWith("#"));
  return Object.fromEntries(
    entries
      .filter(([name]) => !(isLayout && name === "#text"))
      .map(([name, inner]) => [name, withoutLayout(inner)]),
  );
}

function inSentence(message: string): string {
  return (message.charAt(0).toLowerCase() + message.slice(1)).replace(/\.$/, "");
}
