import { describe, expect, test } from "vitest";
import { SENTINEL_WORD } from "../../src/model/event.js";
import { BackgroundBook } from "../../src/siem/embedded/background.js";

const host = "v1";

/** A book of a host with one session of Tyrian's, or with none. */
function bookOf(sessions: readonly string[]): BackgroundBook {
  const book = new BackgroundBook();
  for (const session of sessions) {
    const argv = ["/bin/true", SENTINEL_WORD, "begin", "session"];
    book.observe({ host, time: 0, session, argv });
  }
  return book;
}

describe("lines of a log that tells no session of Tyrian's", () => {
  test("are nobody's background where Tyrian acts: some may be its own", () => {
    const book = bookOf(["7"]);
    book.matched("rule", { host, session: null, kind: "message" });
    expect(book.of("rule", host).detail).toContain("may be its own");
  });

  test("are others' where Tyrian does not act", () => {
    const book = bookOf([]);
    book.matched("rule", { host, session: null, kind: "message" });
    expect(book.of("rule", host)).toMatchObject({ background: { matches: 1 }, detail: "" });
  });

  test("leave other rules alone, which go by programs", () => {
    const book = bookOf(["7"]);
    book.matched("of-the-log", { host, session: null, kind: "message" });
    for (const session of ["7", "8"]) book.matched("of-programs", { host, session, kind: "exec" });
    expect(book.of("of-programs", host)).toMatchObject({ background: { matches: 1 }, detail: "" });
  });
});
