/**
 * An independent writer of audit records, after the kernel's audit_log_execve_info (kernel/auditsc.c, 6.x): arguments are
 * read through a buffer of 7500 bytes, hex when they hold a control character, blank, quote or byte above 0x7e (or span
 * buffers), cut into pieces when they do not fit in what is left of the record.
 */
const LEN_MAX = 7500;
const ABUF = 96;

export function encodeExecve(argv: readonly Buffer[]): string[] {
  const records: string[] = [];
  let record = `argc=${argv.length}`;
  let lenRem = LEN_MAX;
  for (const [arg, bytes] of argv.entries()) {
    let lenFull = 0;
    let requireData = true;
    let encode = false;
    let iter = 0;
    let source = 0;
    let buffer = Buffer.alloc(0);
    let lenAbuf = 0;
    do {
      if (lenFull === 0) lenFull = bytes.length;
      if (requireData) {
        const room = LEN_MAX - buffer.length;
        const rest = bytes.subarray(source);
        const piece = rest.subarray(0, room);
        if (rest.length >= room) {
          requireData = true;
          encode = true;
          lenFull *= 2;
          source += piece.length;
          buffer = Buffer.concat([buffer, piece]);
        } else {
          requireData = false;
          encode ||= needsHex(Buffer.concat([buffer, piece]));
          if (lenFull < LEN_MAX) lenFull = encode ? piece.length * 2 : piece.length;
          source += piece.length + 1;
          buffer = Buffer.concat([buffer, piece]);
        }
        lenAbuf = encode ? buffer.length * 2 : buffer.length + 2;
      }
      if (ABUF + 8 > lenRem) {
        lenRem = LEN_MAX;
        records.push(record);
        record = "";
      }
      let name = "";
      if (requireData || iter > 0 || lenAbuf + ABUF > lenRem) {
        if (iter === 0) name += ` a${arg}_len=${lenFull}`;
        name += ` a${arg}[${iter}]=`;
        iter += 1;
      } else name = ` a${arg}=`;
      record += name;
      lenRem -= name.length;
      let length = buffer.length;
      if (encode) {
        if (lenAbuf > lenRem) length = Math.floor(lenRem / 2);
        record += buffer.subarray(0, length).toString("hex").toUpperCase();
        lenRem -= length * 2;
        lenAbuf -= length * 2;
      } else {
        if (lenAbuf > lenRem) length = lenRem - 2;
        record += `"${buffer.subarray(0, length).toString("latin1")}"`;
        lenRem -= length + 2;
        lenAbuf -= length;
      }
      buffer = buffer.subarray(length);
    } while (buffer.length > 0 || requireData);
  }
  records.push(record);
  return records.map((text) => text.trimStart());
}

function needsHex(bytes: Buffer): boolean {
  return bytes.some((byte) => byte === 0x22 || byte < 0x21 || byte > 0x7e);
}

/** A value as audit_log_untrustedstring writes it. */
export function untrusted(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  return needsHex(bytes) ? bytes.toString("hex").toUpperCase() : `"${text}"`;
}

export interface EncodedExec {
  readonly serial: number;
  readonly argv: readonly Buffer[];
  readonly seconds?: number;
  readonly host?: string;
  readonly pid?: number;
  readonly ppid?: number;
  readonly uid?: number;
  readonly ses?: number;
  readonly exe?: string;
  readonly cwd?: string;
  readonly name?: string;
  readonly exit?: number;
  readonly enriched?: boolean;
}

/** The lines of one event, in the order in which the kernel writes them. */
export function encodeExec(exec: EncodedExec): string[] {
  const { seconds = 1795492300, pid = 1000 + exec.serial, ppid = 900, uid = 20100, ses = 7, exit = 0 } = exec;
  const stamp = `msg=audit(${seconds}.${String(exec.serial % 1000).padStart(3, "0")}:${exec.serial}):`;
  const exe = exec.exe ?? "/usr/bin/prog";
  const tail = exec.enriched === true ? '\u001dARCH=x86_64 SYSCALL=execve AUID="op" UID="wrong"' : "";
  const ok = exit === 0;
  const lines = [
    `type=SYSCALL ${stamp} arch=c000003e syscall=59 success=${ok ? "yes" : "no"} exit=${exit} a0=55d0 a1=55d1 a2=55d2 a3=8 ` +
      `items=${ok ? 2 : 1} ppid=${ppid} pid=${pid} auid=${ses === 4294967295 ? ses : uid} uid=${uid} gid=${uid} euid=${uid} ` +
      `suid=${uid} fsuid=${uid} egid=${uid} sgid=${uid} fsgid=${uid} tty=(none) ses=${ses} comm=${untrusted("prog")} ` +
      `exe=${untrusted(exe)} key=${untrusted(exec.host ?? "tyrian-h1")}${tail}`,
  ];
  if (ok) lines.push(...encodeExecve(exec.argv).map((body) => `type=EXECVE ${stamp} ${body}`));
  lines.push(`type=CWD ${stamp} cwd=${untrusted(exec.cwd ?? "/home/op")}`);
  lines.push(
    `type=PATH ${stamp} item=0 name=${untrusted(exec.name ?? exe)} inode=1 dev=00:27 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0`,
  );
  if (ok)
    lines.push(
      `type=PATH ${stamp} item=1 name="/lib64/ld-linux-x86-64.so.2" inode=2 dev=00:27 nametype=NORMAL`,
    );
  lines.push(`type=PROCTITLE ${stamp} proctitle=${untrusted("prog")}`);
  return lines;
}

export function bytesOf(...texts: string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text, "utf8"));
}
