import { InvalidArgumentError } from "commander";
import type { Logsource } from "../../telemetry/files/event-shape.js";

/** Parses `product/category/service`, of which parts may be empty. */
export function logsourceOf(text: string): Logsource {
  const [product = "", category = "", service = "", ...rest] = text.split("/").map((part) => part.trim());
  if (rest.length > 0 || (product === "" && category === "" && service === "")) {
    throw new InvalidArgumentError(
      "expected product/category/service, such as windows/process_creation or windows//security",
    );
  }
  return {
    product,
    ...(category === "" ? {} : { category }),
    ...(service === "" ? {} : { service }),
  };
}
