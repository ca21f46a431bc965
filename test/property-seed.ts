import * as fc from "fast-check";

/**
 * Every run of `npm test` tries the same values, so that a tree that was green stays green. With
 * TYRIAN_PROPERTY_SEED=random it looks for new ones; what is found becomes a test of its own.
 */
const asked = process.env["TYRIAN_PROPERTY_SEED"];

if (asked !== "random") fc.configureGlobal({ seed: Number(asked ?? 1059) });
