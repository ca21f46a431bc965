import { emptyRun, type RunState } from "../journal/fold.js";
import type { JournalEvent } from "../model/journal-event.js";
import { eventLine, renderLive } from "../report/live.js";
import { plain } from "../report/text.js";
import type { Output } from "./output.js";

/** What a run under way tells of itself. The functions can be passed on by themselves. */
export interface LiveView {
  /** An event was written; the state is that after it. */
  readonly event: (event: JournalEvent, state: RunState) => void;
  readonly warning: (message: string) => void;
  /** Takes the block away; to be called before the summary is printed, whatever happened. */
  readonly close: () => void;
}

export interface LiveOptions {
  /** Print each event as a line of JSON on stdout. */
  readonly events: boolean;
}

const REPAINT_MS = 100;

/**
 * Shows a run on stderr while it goes on: on a terminal a block that is repainted ten times a second, elsewhere a line
 * for what is worth one (with --verbose for each change of state). Of the picture, --quiet leaves the warnings.
 */
export function showLive(output: Output, options: LiveOptions): LiveView {
  let state = emptyRun();
  const repaints = output.stderr.terminal && !output.quiet;
  const repaint = (): void => {
    if (state.plan === null) return;
    // The size is asked each time: the window may have been changed. One column stays free, or the line would wrap.
    const { width, color } = output.stderr;
    output.block(renderLive(state, { now: Date.now(), width: width - 1, color }));
  };
  const timer = repaints ? setInterval(repaint, REPAINT_MS) : undefined;
  // A repainting never keeps a finished process alive.
  timer?.unref();
  return {
    event: (event, next) => {
      state = next;
      if (options.events) output.data(JSON.stringify(event));
      if (repaints) return;
      const line = eventLine(next, event, output.verbose);
      if (line !== null) output.note(line);
    },
    warning: (message) => output.warn(`warning: ${plain(message)}`),
    close: () => {
      clearInterval(timer);
      if (repaints) output.block([]);
    },
  };
}
