/** The version of Tyrian, as in package.json; recorded in every run. */
export const VERSION = "0.1.0";
