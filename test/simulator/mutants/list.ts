import type { Mutant } from "./mutant.js";
import { mutantsOfAbsence } from "./of-absence.js";
import { mutantsOfAttribution } from "./of-attribution.js";

export const mutants: readonly Mutant[] = [...mutantsOfAttribution, ...mutantsOfAbsence];
