import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { TyrianError, type Diagnostic } from "../errors.js";
import { inventorySchema, type Inventory } from "../model/inventory.js";
import type {
  CliTransport,
  SecretReference,
  SshTransport,
  Target,
  TransportSettings,
  WinrmTransport,
} from "../model/target.js";
import { explainIssues } from "../playbook/explain-issue.js";
import { readText } from "../playbook/read-text.js";
import { readYaml, type YamlSource } from "../playbook/yaml-source.js";
import { refusalOf } from "./scope.js";

/**
 * Reads an inventory (YAML, of which JSON is a part). Relative paths in it are relative to its folder; `~/` is the home.
 * @throws TyrianError `inventory-invalid` with every problem and its position; `target-out-of-scope`, with positions too,
 * for hosts that could never be acted on; `file-unreadable`.
 */
export async function loadInventory(file: string): Promise<Inventory> {
  const read = await readText(file);
  if (read.diagnostic !== null) {
    const { code, message } = read.diagnostic;
    throw code === "file-unreadable"
      ? new TyrianError("file-unreadable", message, { diagnostics: [read.diagnostic] })
      : invalid(file, [{ ...read.diagnostic, hint: "" }]);
  }
  const yaml = readYaml(read.text, file);
  if (yaml.source === null) {
    throw invalid(
      file,
      yaml.diagnostics.map((one) =>
        one.code === "file-empty" ? { ...one, hint: "an inventory begins with `name:`" } : one,
      ),
    );
  }
  const parsed = inventorySchema.safeParse(yaml.value);
  if (!parsed.success) {
    throw invalid(file, explainIssues(parsed.error.issues, inventorySchema, yaml.value, yaml.source));
  }
  const problems = contradictions(parsed.data, yaml.source);
  if (problems.length > 0) throw invalid(file, problems);
  const refused = outOfScope(parsed.data, yaml.source);
  if (refused.length > 0) throw invalid(file, refused, "target-out-of-scope");
  return withAbsolutePaths(parsed.data, dirname(resolve(file)));
}

function invalid(
  file: string,
  diagnostics: readonly Diagnostic[],
  code: "inventory-invalid" | "target-out-of-scope" = "inventory-invalid",
): TyrianError {
  const problems = diagnostics.length === 1 ? "1 error" : `${String(diagnostics.length)} errors`;
  return new TyrianError(code, `the inventory ${file} has ${problems}; no host was contacted`, {
    diagnostics,
  });
}

/** Hosts that would be refused whenever they were acted on: better said before anything runs. */
function outOfScope(inventory: Inventory, source: YamlSource): Diagnostic[] {
  return inventory.targets.flatMap(({ name, transport }, index) => {
    const refusal = transport.type === "local" ? null : refusalOf(transport.host);
    if (refusal === null) return [];
    return [
      {
        ...source.value(["targets", index, "transport", "host"]),
        severity: "error",
        code: "target-out-of-scope",
        message: `the host of target ${name} is refused: ${refusal}`,
        hint: "",
      },
    ];
  });
}

/** What the schema cannot say: two entries that would be taken for one another. */
function contradictions(inventory: Inventory, source: YamlSource): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const names = new Map<string, number>();
  const sensorHosts = new Map<string, number>();
  const report = (path: readonly PropertyKey[], message: string): void => {
    diagnostics.push({
      ...source.value(path),
      severity: "error",
      code: "duplicate-name",
      message,
      hint: "names must differ",
    });
  };
  inventory.targets.forEach((target, index) => {
    // Case does not tell hosts apart in DNS nor in most telemetry.
    const name = target.name.toLowerCase();
    const earlier = names.get(name);
    if (earlier !== undefined) {
      report(
        ["targets", index, "name"],
        `targets[${String(index)}] has the name of targets[${String(earlier)}], "${target.name}"`,
      );
    }
    names.set(name, index);
    if (target.sensor.type === "none") return;
    const host = `${target.sensor.type} ${target.sensor.host ?? target.name}`;
    const other = sensorHosts.get(host);
    if (other !== undefined && earlier === undefined) {
      report(
        ["targets", index, "sensor"],
        `targets[${String(index)}] and targets[${String(other)}] are the same host to the sensor (${host})`,
      );
    }
    sensorHosts.set(host, index);
  });
  return diagnostics;
}

function withAbsolutePaths(inventory: Inventory, folder: string): Inventory {
  const path = (value: string): string => {
    if (value === "~" || value.startsWith("~/")) return join(homedir(), value.slice(1));
    return resolve(folder, value);
  };
  const secret = (reference: SecretReference): SecretReference =>
    reference.startsWith("file:") ? `file:${path(reference.slice("file:".length))}` : reference;
  const authenticated = ({
    authentication,
  }: SshTransport | CliTransport): Pick<SshTransport, "authentication"> => {
    if (authentication.type === "agent") return { authentication };
    if (authentication.type === "password") {
      return { authentication: { ...authentication, password: secret(authentication.password) } };
    }
    const { passphrase } = authentication;
    return {
      authentication: {
        ...authentication,
        file: path(authentication.file),
        ...(passphrase === undefined ? {} : { passphrase: secret(passphrase) }),
      },
    };
  };
  const winrmAuthentication = (
    authentication: WinrmTransport["authentication"],
  ): WinrmTransport["authentication"] => {
    if (authentication.type === "kerberos") return authentication;
    if (authentication.type !== "certificate") {
      return { ...authentication, password: secret(authentication.password) };
    }
    const { certificateFile, keyFile, passphrase } = authentication;
    return {
      ...authentication,
      certificateFile: path(certificateFile),
      keyFile: path(keyFile),
      ...(passphrase === undefined ? {} : { passphrase: secret(passphrase) }),
    };
  };
  const winrm = (settings: WinrmTransport): WinrmTransport => {
    const { authentication, tls } = settings;
    return {
      ...settings,
      authentication: winrmAuthentication(authentication),
      tls: tls.caFile === undefined ? tls : { ...tls, caFile: path(tls.caFile) },
    };
  };
  const transport = (settings: TransportSettings): TransportSettings => {
    if (settings.type === "ssh") return { ...settings, ...authenticated(settings) };
    if (settings.type === "cli") {
      const { enableSecret } = settings;
      return {
        ...settings,
        ...authenticated(settings),
        ...(enableSecret === undefined ? {} : { enableSecret: secret(enableSecret) }),
      };
    }
    if (settings.type === "powershell" && settings.keyFile !== undefined) {
      return { ...settings, keyFile: path(settings.keyFile) };
    }
    return settings.type === "winrm" ? winrm(settings) : settings;
  };
  return {
    ...inventory,
    token: { ...inventory.token, value: secret(inventory.token.value) },
    telemetry: inventory.telemetry.map((source) => ({ ...source, file: path(source.file) })),
    targets: inventory.targets.map((target): Target => ({
      ...target,
      transport: transport(target.transport),
    })),
  };
}
