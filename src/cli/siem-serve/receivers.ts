import { readFile } from "node:fs/promises";
import { messageOf, TyrianError } from "../../errors.js";
import { resolveSecret } from "../../secrets.js";
import { Credentials } from "../../telemetry/receivers/credentials.js";
import { elasticsearch } from "../../telemetry/receivers/elasticsearch.js";
import { type HttpOptions, HttpReceiver } from "../../telemetry/receivers/http.js";
import type { TlsMaterial } from "../../telemetry/receivers/listening.js";
import { otlp } from "../../telemetry/receivers/otlp.js";
import type { Receiver, RecordSink } from "../../telemetry/receivers/receiver.js";
import { splunkHec } from "../../telemetry/receivers/splunk-hec.js";
import { SyslogReceiver } from "../../telemetry/receivers/syslog.js";
import { SyslogUdpReceiver } from "../../telemetry/receivers/syslog-udp.js";
import type { ReceiverSettings, ServeSettings } from "./configuration.js";

const MIB = 1024 * 1024;

type TlsSettings = NonNullable<NonNullable<ServeSettings["api"]>["tls"]>;
type HttpSettings = NonNullable<ServeSettings["api"]> & {
  readonly recordsPerSecond?: number | undefined;
  readonly maximumBodyMiB?: number;
};

/** A receiver of the settings, not yet listening. @throws TyrianError `secret-unresolved`, `file-unreadable` */
export async function receiverOf(settings: ReceiverSettings, sink: RecordSink): Promise<Receiver> {
  const { type, address, port } = settings;
  const name = type;
  const rate = settings.recordsPerSecond === undefined ? {} : { recordsPerSecond: settings.recordsPerSecond };
  switch (type) {
    case "syslog-udp":
      return new SyslogUdpReceiver(name, { address, port, senders: settings.senders, ...rate }, sink);
    case "syslog": {
      const tls = settings.tls === undefined ? {} : { tls: await tlsOf(settings.tls) };
      const maximumBytes = settings.maximumMessageKiB * 1024;
      const { senders } = settings;
      return new SyslogReceiver(name, { address, port, senders, maximumBytes, ...rate, ...tls }, sink);
    }
    case "splunk-hec": {
      const { acknowledge } = settings;
      return new HttpReceiver(name, await httpOf(settings), sink, (intake) => splunkHec(intake, acknowledge));
    }
    case "elasticsearch":
      return new HttpReceiver(name, await httpOf(settings), sink, elasticsearch);
    case "otlp":
      return new HttpReceiver(name, await httpOf(settings), sink, otlp);
  }
}

/** @throws TyrianError `secret-unresolved`, `file-unreadable` */
export async function httpOf(settings: HttpSettings): Promise<HttpOptions> {
  const credentials = await Promise.all(
    settings.tokens.map(async ({ name, token }) => ({ name, token: await resolveSecret(token) })),
  );
  return {
    address: settings.address,
    port: settings.port,
    credentials: new Credentials(credentials),
    maximumBytes: (settings.maximumBodyMiB ?? 64) * MIB,
    ...(settings.recordsPerSecond === undefined ? {} : { recordsPerSecond: settings.recordsPerSecond }),
    ...(settings.tls === undefined ? {} : { tls: await tlsOf(settings.tls) }),
  };
}

async function tlsOf({ certificate, key, clientCa }: TlsSettings): Promise<TlsMaterial> {
  return {
    cert: await readPem(certificate),
    key: await resolveSecret(key),
    ...(clientCa === undefined ? {} : { clientCa: await readPem(clientCa) }),
  };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    throw new TyrianError("file-unreadable", `${file}: ${messageOf(thrown)}`, { cause: thrown });
  }
}
