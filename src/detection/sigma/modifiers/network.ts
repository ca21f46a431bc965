import { parseNetwork } from "../network.js";
import { plainText } from "../pattern.js";
import { kindOf, ModifierProblem, type Modifier } from "../values.js";

/** Address ranges, of IPv4 and IPv6. */
export const networkModifiers: Readonly<Record<string, Modifier>> = {
  cidr: (value, { before }) => {
    if (before.some((name) => name !== "all" && name !== "neq" && name !== "expand")) {
      throw new ModifierProblem("modifier-misplaced", '"cidr" must be the first modifier', "");
    }
    const text = value.type === "text" ? plainText(value.pattern) : null;
    if (text === null) {
      const found = value.type === "text" ? "wildcards" : kindOf(value);
      throw new ModifierProblem("modifier-type", `"cidr" needs an address range, not ${found}`, "");
    }
    const network = parseNetwork(text);
    if (typeof network === "string") throw new ModifierProblem("value-network", `"${text}": ${network}`, "");
    return [{ type: "network", network }];
  },
};
