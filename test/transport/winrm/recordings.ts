import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { parseXml, type XmlElement } from "../../../src/transport/windows/xml.js";

const folder = resolve(import.meta.dirname, "../../../../shared/known-answers/winrm");

/** Why recordings of Windows cannot be replayed here; null when they can. */
export const noRecordings: string | null = existsSync(folder)
  ? null
  : "the recordings of Windows (../shared/known-answers/winrm) are not here";

/** One request of pypsrp's and what a Windows host has answered. */
export interface Recorded {
  readonly request: XmlElement;
  readonly requestId: string;
  readonly action: string;
  readonly response: string;
}

/** All recorded sessions, by the names of their files. */
export function recordings(): readonly { readonly name: string; readonly messages: readonly Recorded[] }[] {
  if (noRecordings !== null) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yml"))
    .map((file) => {
      const { messages } = parse(readFileSync(join(folder, file), "utf8")) as {
        messages: { request: string; response: string }[];
      };
      return { name: file.replace(/^test_|\.yml$/g, ""), messages: messages.map(recorded) };
    });
}

export function recording(name: string): readonly Recorded[] {
  return recordings().find((one) => one.name === name)?.messages ?? [];
}

function recorded({ request: text, response }: { request: string; response: string }): Recorded {
  const request = parseXml(text);
  return {
    request,
    requestId: headerOf(request, "MessageID"),
    action: headerOf(request, "Action"),
    response,
  };
}

export function headerOf(envelope: XmlElement, name: string): string {
  return headerElement(envelope, name)?.text.trim() ?? "";
}

export function headerElement(envelope: XmlElement, name: string): XmlElement | undefined {
  const header = envelope.children.find((one) => one.name === "Header");
  return header?.children.find((one) => one.name === name);
}

/** What two requests must have in common for a host to do the same: all but ids, times and the order of headers. */
export function structureOf(envelope: XmlElement): unknown {
  const values = (name: string): Record<string, string> =>
    Object.fromEntries(
      (headerElement(envelope, name)?.children ?? []).map((one) => [one.attributes.get("Name"), one.text]),
    ) as Record<string, string>;
  const headers = envelope.children.find((one) => one.name === "Header")?.children ?? [];
  return {
    headers: headers.map(({ namespace, name }) => `${namespace} ${name}`).sort(),
    understood: headers
      .filter(({ attributes }) => attributes.get("mustUnderstand") === "true")
      .map(({ name }) => name)
      .sort(),
    action: headerOf(envelope, "Action"),
    resource: headerOf(envelope, "ResourceURI"),
    replyTo: headerElement(envelope, "ReplyTo")?.children[0]?.text,
    selectors: values("SelectorSet"),
    options: values("OptionSet"),
    body: contentOf(envelope.children.find((one) => one.name === "Body")),
  };
}

function contentOf(element: XmlElement | undefined): unknown {
  return (element?.children ?? []).map((one) => ({
    name: `${one.namespace} ${one.name}`,
    attributes: Object.fromEntries(one.attributes),
    text: one.children.length === 0 ? one.text : "",
    children: contentOf(one),
  }));
}
