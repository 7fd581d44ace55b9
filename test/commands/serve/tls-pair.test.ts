import {chmodSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {tlsPair} from '../../../src/commands/serve/tls-pair.ts';
import {folderWith} from '../../fixtures/folder.ts';
import {CERT, KEY} from '../../fixtures/tls-relay.ts';

/** Made with `openssl ca -selfsign -startdate 20200101000000Z -enddate 20210101000000Z`; it opens nothing. */
const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdrY4Cg9dSZ4OgugL
x3BKHihi2LSO7TZLW1GlDgOuLEyhRANCAASz8ikMLdJ72gBtsMy2kBSTjoBv7Wdn
gj3GYg7QP+I58Ajmvm/bfxVNbIECKTXwK0jmvDfOljrWd3YVipY8/JQh
-----END PRIVATE KEY-----
`;
const EXPIRED = `-----BEGIN CERTIFICATE-----
MIIBDzCBtgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwHhcN
MjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASz8ikMLdJ72gBtsMy2kBSTjoBv
7Wdngj3GYg7QP+I58Ajmvm/bfxVNbIECKTXwK0jmvDfOljrWd3YVipY8/JQhMAoG
CCqGSM49BAMCA0gAMEUCIQCRc6iuv0mJaxX4VgfuvuRjm5BXZYucEswsfWituX61
IAIgIc/5/Zgru+oH1j4Ucr+P6IgRZFpH/cXO4cLGrp5R8Js=
-----END CERTIFICATE-----
`;

function pair(files: Record<string, string>, flags: {tlsCert?: string; tlsKey?: string} = {tlsCert: 'c', tlsKey: 'k'}) {
  const said: string[] = [];
  const cwd = folderWith(files);
  if (files.k !== undefined) chmodSync(join(cwd, 'k'), 0o600);
  return {
    read: () => tlsPair({cwd, say: (line) => said.push(line)}, flags, (file) => readFileSync(join(cwd, file), 'utf8')),
    said,
    cwd,
  };
}

test('a pair is read; none is none', () => {
  const {read, said} = pair({c: CERT, k: KEY});
  expect(read()).toEqual({cert: CERT, key: KEY});
  expect(said).toEqual([]);
  expect(pair({}, {}).read()).toBeUndefined();
});

test('a key that others can read is told', () => {
  const {read, said, cwd} = pair({c: CERT, k: KEY});
  chmodSync(join(cwd, 'k'), 0o644);
  read();
  expect(said).toEqual(['others on this machine can read the key k; chmod 600 keeps it to you']);
});

test.each([
  ['one without the other', {c: CERT}, {tlsCert: 'c'}, 'TLS takes both a certificate and its key'],
  ['no certificate', {c: 'x', k: KEY}, undefined, '--tls-cert c is no certificate in PEM'],
  ['a foreign key', {c: CERT, k: OTHER_KEY}, undefined, 'the key k is not that of the certificate c'],
  ['an old one', {c: EXPIRED, k: OTHER_KEY}, undefined, 'the certificate c expired on Jan  1 00:00:00 2021 GMT'],
  ['no key', {c: CERT, k: 'x'}, undefined, '--tls-key k is no key in PEM, or one with a password'],
])('%s ends the program', (_what, files, flags, message) => {
  expect(pair(files as Record<string, string>, flags).read).toThrow(expect.objectContaining({code: 'usage', message}));
});
