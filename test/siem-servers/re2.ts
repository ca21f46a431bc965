/** An expression of RE2 that must be the whole text, as far as the tests use it: flags before it, and `\z`. */
export function re2(expression: string): RegExp {
  const [, flags = "", rest = ""] = /^(?:\(\?([is]+)\))?(.*)$/s.exec(expression) ?? [];
  const plain = rest.replaceAll(String.raw`\z`, "$").replaceAll("(?s:.*)", "[^]*");
  return new RegExp(`^(?:${plain})$`, flags);
}
