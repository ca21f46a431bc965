import { type HostEvent, SENTINEL_WORD } from "../model/event.js";

const MAC_COLUMNS = "pid=,ppid=,pgid=,state=,ruid=,lstart=";

/**
 * What the wrapper itself executes between the sentinels while it waits for the act's processes to end: it sleeps
 * (engine/script.ts), and where a host has many processes it has grep look through them (engine/left-running.ts), from a
 * subshell of its own. On the client of a cloud it calls the API, so that the API's log has sentinels too.
 */
export function isHousekeeping({ argv, ppid }: HostEvent, wrapper: number): boolean {
  if (argv[0] === "/usr/bin/curl") {
    return ppid === wrapper && argv.some((word) => word.startsWith(`${SENTINEL_WORD}.`));
  }
  // On a Mac (engine/macos-left-running.ts).
  if (argv[0] === "ps" || argv[0] === "launchctl") {
    return ppid === wrapper && [`ps -axo ${MAC_COLUMNS}`, "launchctl list"].includes(argv.join(" "));
  }
  if (argv[0] === "/bin/sleep") return ppid === wrapper && argv.length === 2 && argv[1] === "0.05";
  return (
    /^(?:\/(?:[^/]+\/)*)?grep$/.test(argv[0] ?? "") &&
    (argv[1] === "-ls" || (argv[1] === "-s" && argv[2] === "")) &&
    /^\/proc\/\d+\/(limits|sessionid|stat)$/.test(argv.at(-1) ?? "")
  );
}
