import { connect } from "node:net";
import { DAEMONS, SOCKET_FOLDER } from "./names.js";

/** Milliseconds that a daemon has to let somebody in. */
const ANSWER_MS = 2_000;

/** The daemons of a router that let nobody in any more; the host is known by its first process. */
export async function deadDaemons(pid: number): Promise<string[]> {
  const answers = await Promise.all(
    DAEMONS.map((name) => letsIn(`/proc/${String(pid)}/root${SOCKET_FOLDER}/${name}.vty`)),
  );
  return DAEMONS.filter((_name, index) => answers[index] !== true);
}

function letsIn(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_MS, () => end(false));
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}
