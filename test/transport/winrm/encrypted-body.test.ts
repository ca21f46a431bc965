import fc from "fast-check";
import { expect, test } from "vitest";
import { packEncrypted, unpackEncrypted } from "../../../src/transport/winrm/encrypted-body.js";

const message = (body: Uint8Array): { contentType: string; body: Buffer } => ({
  contentType: "application/soap+xml;charset=UTF-8",
  body: Buffer.from(body),
});

test("a body has the form that MS-WSMV 2.2.9.1 shows", () => {
  const { contentType, body } = packEncrypted(message(Buffer.from("clear")), {
    signature: Buffer.from("0123456789abcdef"),
    data: Buffer.from("crypt"),
  });
  expect(contentType).toBe(
    'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"',
  );
  expect(body.toString("latin1").split("\r\n")).toEqual([
    "--Encrypted Boundary",
    "\tContent-Type: application/HTTP-SPNEGO-session-encrypted",
    "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=5",
    "--Encrypted Boundary",
    "\tContent-Type: application/octet-stream",
    "\u0010\0\0\u00000123456789abcdefcrypt--Encrypted Boundary--",
    "",
  ]);
});

test("any sealed bytes come out of the body as they went in, also those that look like its own parts", () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc
      .constantFrom(
        "--Encrypted Boundary--\r\n",
        "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n",
      )
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.uint8Array(), bytes, bytes, (clear, signature, data) => {
      const packed = packEncrypted(message(clear), {
        signature: Buffer.from(signature),
        data: Buffer.from(data),
      });
      expect(unpackEncrypted(packed)).toEqual({
        contentType: "application/soap+xml;charset=UTF-8",
        length: clear.length,
        signature: Buffer.from(signature),
        data: Buffer.from(data),
      });
    }),
  );
});

test("a body of Exchange's, with a blank after the hyphens, is read too", () => {
  const packed = packEncrypted(message(Buffer.from("clear")), {
    signature: Buffer.from("s"),
    data: Buffer.from("d"),
  });
  const spaced = packed.body.toString("latin1").replaceAll("--Encrypted", "-- Encrypted");
  expect(unpackEncrypted({ ...packed, body: Buffer.from(spaced, "latin1") })).toMatchObject({ length: 5 });
});

test.each([
  ["application/soap+xml", "<s:Envelope/>", "not encrypted"],
  ["multipart/encrypted", "", "two parts"],
  ["multipart/encrypted", "--Encrypted Boundary\r\n--Encrypted Boundary--\r\n", "two parts"],
  [
    "multipart/encrypted",
    "--Encrypted Boundary\r\n\tOriginalContent: type=x;Length=1\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n\u00ff\0\0\0x--Encrypted Boundary--\r\n",
    "longer",
  ],
])("a body of %s that reads %j is refused: %s", (contentType, body, words) => {
  expect(() => unpackEncrypted({ contentType, body: Buffer.from(body, "latin1") })).toThrow(words);
});
