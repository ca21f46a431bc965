/**
 * The program that runs inside a network namespace, given to `node -e` so that it needs no file beside the compiled one.
 * It opens the connections that its parent asks for and hands the sockets over. It ends with its parent: when the channel
 * between them closes, however that came.
 */
export const connectorProgram = `
const net = require("node:net");
process.on("disconnect", process.exit);
process.on("message", ({ id, host, port, timeoutMs }) => {
  const socket = net.connect({ host, port, noDelay: true });
  // Paused: what the server says first has to be read by the parent.
  socket.pause();
  const timer = setTimeout(() => socket.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })), timeoutMs);
  socket.once("error", (error) => {
    clearTimeout(timer);
    if (process.connected) process.send({ id, code: error.code ?? error.message });
  });
  socket.once("connect", () => {
    clearTimeout(timer);
    if (process.connected) process.send({ id, code: null }, socket);
  });
});
process.send({ id: 0, code: null });
`;
