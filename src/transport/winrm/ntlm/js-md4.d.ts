/** The part of js-md4 that is used; the package has no types. Its default function needs an OpenSSL with MD4, this one does not. */
declare module "js-md4" {
  const md4: { arrayBuffer(message: Uint8Array): ArrayBuffer };
  export default md4;
}
