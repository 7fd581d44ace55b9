// The certificate and the key of a server with TLS: what is wrong with them is told at the start.
import {createPrivateKey, X509Certificate} from 'node:crypto';
import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import {EngineError} from '../../base/errors.ts';
import type {Io} from '../host/io.ts';

export interface TlsPair {
  /** PEM, with the certificates between it and the authority behind it. */
  readonly cert: string;
  readonly key: string;
}

export interface TlsFlags {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/**
 * The pair, which `read` reads; a key that others can read and a certificate that is about to expire are told.
 * @throws EngineError `usage` for one without the other, a pair that does not belong together, and a
 * certificate that is not valid now.
 */
export function tlsPair(
  io: Pick<Io, 'cwd' | 'say'>,
  {tlsCert, tlsKey}: TlsFlags,
  read: (file: string, flag: string) => string,
): TlsPair | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new EngineError('usage', 'TLS takes both a certificate and its key', {
      hint: 'Give --tls-cert FILE and --tls-key FILE.',
    });
  }
  const cert = read(tlsCert, '--tls-cert');
  const key = read(tlsKey, '--tls-key');
  const certificate = parsed(() => new X509Certificate(cert), `--tls-cert ${tlsCert} is no certificate in PEM`);
  const secret = parsed(() => createPrivateKey(key), `--tls-key ${tlsKey} is no key in PEM, or one with a password`);
  if (!certificate.checkPrivateKey(secret)) {
    throw new EngineError('usage', `the key ${tlsKey} is not that of the certificate ${tlsCert}`);
  }
  const now = Date.now();
  if (now > Date.parse(certificate.validTo)) {
    throw new EngineError('usage', `the certificate ${tlsCert} expired on ${certificate.validTo}`, {
      hint: 'Renew it; no client would take it.',
    });
  }
  if (now < Date.parse(certificate.validFrom)) {
    throw new EngineError('usage', `the certificate ${tlsCert} is valid from ${certificate.validFrom} on`, {
      hint: 'Look at the clock of this machine.',
    });
  }
  if (process.platform !== 'win32' && (statSync(resolve(io.cwd, tlsKey)).mode & 0o077) !== 0) {
    io.say(`others on this machine can read the key ${tlsKey}; chmod 600 keeps it to you`);
  }
  return {cert, key};
}

function parsed<T>(make: () => T, message: string): T {
  try {
    return make();
  } catch (cause) {
    throw new EngineError('usage', message, {cause});
  }
}
