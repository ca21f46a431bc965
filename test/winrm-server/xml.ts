import { XMLParser, XMLValidator } from "fast-xml-parser";
import { xmlNamespace } from "./namespaces.js";

/** An element with its namespace resolved. Text and CDATA of the element itself are joined; comments are left out. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  readonly text: string;
}

export interface XmlAttribute {
  /** Empty for an attribute without prefix. */
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  cdataPropName: "#cdata",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Entities are decoded here, so that only those of XML itself are, and those in CDATA are not.
  processEntities: false,
});

type Node = Record<string, unknown>;

/**
 * Parses a document strictly.
 * @throws Error with what is wrong: not well formed, a document type, an undeclared prefix, an unknown entity.
 */
export function parseXml(text: string): XmlElement {
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new Error(valid.err.msg);
  const prolog = text.slice(0, Math.max(text.search(/<[^!?]/), 0));
  if (/<!DOCTYPE/i.test(prolog)) throw new Error("a document type is not taken");
  const nodes = (parser.parse(text) as Node[]).filter((node) => !isPart(node));
  const [root] = nodes;
  if (root === undefined || nodes.length > 1) throw new Error("a document has one root element");
  return elementOf(root, new Map([["xml", xmlNamespace]]));
}

/** The children of an element with one name. */
export function childrenNamed(parent: XmlElement, namespace: string, name: string): XmlElement[] {
  return parent.children.filter((child) => child.namespace === namespace && child.name === name);
}

/** The value of an attribute without prefix. */
export function attribute(element: XmlElement, name: string): string | undefined {
  return element.attributes.find((one) => one.namespace === "" && one.name === name)?.value;
}

export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#13;");
}

/** Whether a node of the parser is a processing instruction, text or a comment rather than an element. */
function isPart(node: Node): boolean {
  return Object.keys(node).some((key) => key.startsWith("?") || key.startsWith("#"));
}

function elementOf(node: Node, outer: ReadonlyMap<string, string>): XmlElement {
  const tag = Object.keys(node).find((key) => key !== ":@") as string;
  const given = Object.entries((node[":@"] ?? {}) as Record<string, string>);
  const scope = new Map(outer);
  for (const [name, value] of given) {
    if (name === "xmlns") scope.set("", decode(value));
    else if (name.startsWith("xmlns:")) scope.set(name.slice(6), decode(value));
  }
  const content = node[tag] as Node[];
  const [prefix, name] = split(tag);
  return {
    namespace: resolve(prefix, scope),
    name,
    attributes: given
      .filter(([key]) => key !== "xmlns" && !key.startsWith("xmlns:"))
      .map(([key, value]) => {
        const [of, local] = split(key);
        // A default namespace is not that of attributes.
        return { namespace: of === "" ? "" : resolve(of, scope), name: local, value: decode(value) };
      }),
    children: content.filter((child) => !isPart(child)).map((child) => elementOf(child, scope)),
    text: content.map(textOf).join(""),
  };
}

function textOf(node: Node): string {
  if (typeof node["#text"] === "string") return decode(node["#text"]);
  const [cdata] = (node["#cdata"] ?? []) as Node[];
  return typeof cdata?.["#text"] === "string" ? cdata["#text"] : "";
}

function split(qualified: string): [prefix: string, name: string] {
  const at = qualified.indexOf(":");
  return at < 0 ? ["", qualified] : [qualified.slice(0, at), qualified.slice(at + 1)];
}

function resolve(prefix: string, scope: ReadonlyMap<string, string>): string {
  const namespace = scope.get(prefix);
  if (namespace !== undefined) return namespace;
  if (prefix === "") return "";
  throw new Error(`the prefix ${prefix} is not declared`);
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(/&([^;]*);/g, (_whole, name: string) => {
    const [, hex, decimal] = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name) ?? [];
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    const known = entities[name];
    if (known === undefined) throw new Error(`the entity &${name}; is not known`);
    return known;
  });
}
