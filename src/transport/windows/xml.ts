import { XMLParser, XMLValidator } from "fast-xml-parser";

/** An element of a parsed document, its name resolved to its namespace. */
export interface XmlElement {
  /** The namespace's URI; empty for none. */
  readonly namespace: string;
  readonly name: string;
  /** By local name: the attributes that WS-Man uses have no namespace or one that adds nothing. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly in the element. */
  readonly text: string;
}

/** What was received is not well-formed XML, or holds what must not be in a message. */
export class XmlDefect extends Error {}

const CDATA = "#cdata";
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  cdataPropName: CDATA,
  // References to characters are resolved here; entities are never expanded.
  processEntities: false,
});

/** Deeper than any message of WS-Man. */
const DEEPEST = 64;

/**
 * Parses a document without entities of its own (SOAP 1.2 forbids a document type declaration).
 * @throws XmlDefect
 */
export function parseXml(text: string): XmlElement {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new XmlDefect("it declares a document type");
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new XmlDefect(valid.err.msg);
  let parsed: unknown;
  try {
    parsed = parser.parse(text);
  } catch (thrown) {
    throw new XmlDefect(thrown instanceof Error ? thrown.message : String(thrown));
  }
  const [root, ...others] = elementsOf(parsed, new Map(), 0).children;
  if (root === undefined || others.length > 0) throw new XmlDefect("it has not one root element");
  return root;
}

/** The first child of that name. */
export function child(
  element: XmlElement | undefined,
  namespace: string,
  name: string,
): XmlElement | undefined {
  return element?.children.find((one) => one.namespace === namespace && one.name === name);
}

/** The first element of that name at any depth below, in document order. */
export function descendant(
  element: XmlElement | undefined,
  namespace: string,
  name: string,
): XmlElement | undefined {
  for (const one of element?.children ?? []) {
    const found = one.namespace === namespace && one.name === name ? one : descendant(one, namespace, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Text for the content of an element or an attribute's value. Characters that XML 1.0 has no place for are refused. */
export function escapeXml(text: string): string {
  const outside = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.exec(text);
  if (outside !== null) {
    const code = (outside[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    throw new XmlDefect(`XML has no place for the character U+${code}`);
  }
  // A line end that is written as such is changed by the reader (XML 1.0, 2.11).
  return text.replace(/[&<>"\r]/g, (found) => `&#${String(found.charCodeAt(0))};`);
}

type Scope = ReadonlyMap<string, string>;

/** The elements and the text among the nodes that the parser gives for one element's content. */
function elementsOf(
  nodes: unknown,
  scope: Scope,
  depth: number,
): { readonly children: XmlElement[]; readonly text: string } {
  if (depth > DEEPEST) throw new XmlDefect(`its elements are nested more than ${String(DEEPEST)} deep`);
  const children: XmlElement[] = [];
  let text = "";
  for (const node of Array.isArray(nodes) ? (nodes as unknown[]) : []) {
    for (const [name, content] of Object.entries(node as object) as [string, unknown][]) {
      if (name === "#text") text += withCharacters(String(content));
      else if (name === CDATA) text += cdataOf(content);
      else if (name !== ":@") {
        children.push(elementOf(name, content, Reflect.get(node as object, ":@"), scope, depth));
      }
    }
  }
  return { children, text };
}

function elementOf(
  name: string,
  content: unknown,
  written: unknown,
  outer: Scope,
  depth: number,
): XmlElement {
  const scope = new Map(outer);
  const attributes = new Map<string, string>();
  for (const [key, raw] of Object.entries((written ?? {}) as Record<string, unknown>)) {
    const value = withCharacters(String(raw));
    if (key === "xmlns") scope.set("", value);
    else if (key.startsWith("xmlns:")) scope.set(key.slice("xmlns:".length), value);
    else attributes.set(key.slice(key.indexOf(":") + 1), value);
  }
  const colon = name.indexOf(":");
  const prefix = colon < 0 ? "" : name.slice(0, colon);
  const namespace = scope.get(prefix) ?? (prefix === "" ? "" : undefined);
  if (namespace === undefined) throw new XmlDefect(`the prefix ${prefix} stands for no namespace`);
  return {
    namespace,
    name: name.slice(colon + 1),
    attributes,
    ...elementsOf(content, scope, depth + 1),
  };
}

function cdataOf(content: unknown): string {
  const [only] = Array.isArray(content) ? (content as unknown[]) : [];
  return only === undefined ? "" : String(Reflect.get(only as object, "#text") ?? "");
}

const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The text with its references to characters resolved: the five that XML names, and those by number. */
function withCharacters(text: string): string {
  return text.replace(/&([^;&\s]{0,12};?)/g, (_whole, body: string) => {
    const reference = /^(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));$/i.exec(body);
    const [, hexadecimal, decimal, name] = reference ?? [];
    const code = Number.parseInt(hexadecimal ?? decimal ?? "", hexadecimal === undefined ? 10 : 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    const character = named[name ?? ""];
    if (character === undefined) throw new XmlDefect("it refers to an entity that is none of XML's own");
    return character;
  });
}
