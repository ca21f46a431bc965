import { TyrianError } from "../../../errors.js";

/** Who authenticates, to a host that is reached over one connection. */
export interface NtlmCredentials {
  /** The account's name, or `name@domain` with an empty `domain`. */
  readonly user: string;
  /** The NetBIOS or DNS name of its domain; empty for an account of the host itself. */
  readonly domain: string;
  readonly password: string;
  /** What the host logs as the name of this machine; empty by default. */
  readonly workstation?: string | undefined;
  /** Over TLS: what `channelBindingOf` says of the server's certificate. */
  readonly channelBinding?: Buffer | undefined;
}

/** The client's half of one NTLMv2 exchange with message encryption, and then of the security context that it sets up. */
export class NtlmClient {
  constructor(_credentials: NtlmCredentials) {}

  /** The first token, to be sent as `Authorization: Negotiate BASE64`. */
  negotiate(): Buffer {
    throw new TyrianError("internal", "not yet written");
  }

  /** The second token, in answer to what the host sent as `WWW-Authenticate: Negotiate BASE64`. */
  authenticate(_challenge: Buffer): Buffer {
    throw new TyrianError("internal", "not yet written");
  }

  /** Encrypts and signs the next message to the host; messages must be sent in the order in which they were sealed. */
  seal(_plain: Buffer): { signature: Buffer; data: Buffer } {
    throw new TyrianError("internal", "not yet written");
  }

  /** Decrypts and verifies the next message of the host. */
  unseal(_signature: Buffer, _data: Buffer): Buffer {
    throw new TyrianError("internal", "not yet written");
  }
}
