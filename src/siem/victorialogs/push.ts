import { stringify } from "yaml";
import { quotedText } from "../../detection/convert/quoted-text.js";
import { TyrianError } from "../../errors.js";
import type { RuleFiles } from "../push/rule-files.js";
import { nameOf, type RuleToPush } from "../push/rule-to-push.js";
import { groupOf } from "../ruler/push.js";
import type { VictoriaLogsSettings } from "./settings.js";

/** Groups of vmalert, which reads them from files and takes none by its API (VictoriaMetrics, "vmalert", "Groups"; type `vlogs`). */
export function vmalertFiles(siem: string, { alertLabels, telemetry }: VictoriaLogsSettings): RuleFiles {
  const { selector, hostField, textField } = telemetry;
  return {
    language: "logsql",
    whereTo:
      "vmalert takes no rules by its API: put the file where its -rule points, and have it read them again (SIGHUP, or POST /-/reload)",
    fileOf: (rule: RuleToPush) => {
      if (!rule.enabled)
        throw new TyrianError("push-unsupported", `${siem}: a rule of vmalert has no switch to be off`);
      const { event } = alertLabels;
      const unpacked =
        event === undefined ? "" : `| unpack_json from ${quotedText(textField)} fields (${event}) `;
      const by = [quotedText(hostField), ...(event === undefined ? [] : [event])].join(", ");
      const expr = `${selector} _time:10m (${rule.query}) ${unpacked}| stats by (${by}) count() as matches | filter matches:>0`;
      const group = groupOf(rule, expr, { label: alertLabels.host, by: hostField });
      const text = stringify({ groups: [{ type: "vlogs", ...group }] }, { lineWidth: 0 });
      return { name: `${nameOf(rule.analytic)}.yml`, text };
    },
  };
}
