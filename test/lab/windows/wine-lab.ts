import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { WINE } from "../../../src/lab/embedded/wine/names.js";
import { whyNoRootLab } from "../helpers.js";

/** Why no host of Wine can be had here; null when it can. */
export async function whyNoWineLab(): Promise<string | null> {
  if (!existsSync(WINE)) return "wine is not installed (apt-get install --no-install-recommends wine64 wine)";
  return await whyNoRootLab();
}

/** The folder for the state of its lab, kept between runs for the template in it: that takes 7 to 22 s. */
export function wineState(): string {
  const folder = resolve(import.meta.dirname, "../../../node_modules/.cache/tyrian-wine-lab/tyrian");
  mkdirSync(folder, { recursive: true });
  return realpathSync(folder);
}
