import type { Position } from "../errors.js";
import type { Playbook } from "../model/playbook.js";
import type { Path, YamlSource } from "./yaml-source.js";

/** Where things stand in a playbook's file. */
export interface Positions {
  value(path: Path): Position;
  key(path: Path): Position;
  inside(path: Path, offset: number): Position;
}

// Kept beside the playbooks and not in them: a playbook stays plain data that can be sent to a worker.
const sources = new WeakMap<Playbook, YamlSource>();

/** Remembers where the parts of a playbook that was just parsed stand. */
export function rememberSource(playbook: Playbook, source: YamlSource): void {
  sources.set(playbook, source);
}

/** The positions of a playbook's parts; the file's start for a playbook that was not parsed in this process. */
export function sourceOf(playbook: Playbook): Positions {
  const start: Position = { file: playbook.file, line: 1, column: 1 };
  return sources.get(playbook) ?? { value: () => start, key: () => start, inside: () => start };
}
