import fc from "fast-check";
import { expect, test } from "vitest";
import { child, descendant, escapeXml, parseXml, XmlDefect } from "../../../src/transport/windows/xml.js";

test("names are resolved to their namespaces, whatever the prefixes", () => {
  const prefixed = parseXml('<x:a xmlns:x="urn:1"><y:b xmlns:y="urn:2" y:k="v">text</y:b></x:a>');
  const unprefixed = parseXml('<a xmlns="urn:1"><b xmlns="urn:2" k="v">text</b></a>');
  expect(unprefixed).toEqual(prefixed);
  expect(child(prefixed, "urn:2", "b")?.attributes.get("k")).toBe("v");
  expect(child(prefixed, "urn:1", "b")).toBeUndefined();
  expect(descendant(parseXml('<a><b><c xmlns="urn:3"/></b></a>'), "urn:3", "c")?.name).toBe("c");
});

test("character references and CDATA are text, and entities are refused", () => {
  expect(parseXml("<a>&lt;&#65;&#x42;<![CDATA[&lt;<b>]]> &amp;</a>").text).toBe("<AB&lt;<b> &");
  expect(() => parseXml("<a>&secret;</a>")).toThrow(XmlDefect);
  expect(() => parseXml('<!DOCTYPE a [<!ENTITY secret "x">]><a>&secret;</a>')).toThrow("document type");
});

test.each([
  ["", "not XML"],
  ["<a><b></a>", "an element that does not end"],
  ["<a/><b/>", "two roots"],
  ["<p:a/>", "a prefix without a namespace"],
  ["<html><br></html>", "a web page"],
  [`${"<a>".repeat(80)}${"</a>".repeat(80)}`, "elements nested too deep"],
])("%j is refused: %s", (text) => {
  expect(() => parseXml(text)).toThrow(XmlDefect);
});

test("any text that XML can carry is read as it was written, in content and in attributes", () => {
  const text = fc
    .string({ unit: "binary" })
    .filter((one) => !/[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(one));
  fc.assert(
    fc.property(text, (written) => {
      const read = parseXml(`<a k="${escapeXml(written)}">${escapeXml(written)}</a>`);
      expect(read.text).toBe(written);
      expect(read.attributes.get("k")).toBe(written);
    }),
  );
});

test("text that XML cannot carry is refused by its character", () => {
  expect(() => escapeXml("a\u0007b")).toThrow("U+0007");
  expect(() => escapeXml("a\ud800b")).toThrow("U+D800");
});
