// Bodies that a server compressed although it was asked not to.
import {pipeline, type Readable, type Transform} from 'node:stream';
import {EngineError} from '../errors.ts';
import type {Exchange} from './exchange.ts';

/**
 * The same exchange with its body as it was before the encodings of its Content-Encoding (RFC 9110, 8.4).
 * @throws EngineError `backend_failed` for an encoding that is not known.
 */
export async function decodedExchange(exchange: Exchange, host: string): Promise<Exchange> {
  const header = exchange.headers['content-encoding'] ?? '';
  const names = String(header)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length === 0) return exchange;
  const zlib = await import('node:zlib');
  let {body}: {body: Readable} = exchange;
  // The last one named was done last. More of them than this multiply what one byte can become.
  for (const name of names.length > 2 ? [header] : names.reverse()) {
    const decoder = decoderOf(String(name), zlib);
    if (decoder === undefined) {
      exchange.body.destroy();
      throw new EngineError('backend_failed', `${host} sent a reply in the encoding '${header}', which is not known`, {
        hint: `It was asked for none: look for what compresses on the way.${name === 'zstd' ? ZSTD : ''}`,
      });
    }
    // Whoever reads learns of what is damaged; whoever leaves ends the connection.
    body = pipeline(body, decoder, () => {});
  }
  return {...exchange, body};
}

const ZSTD = ' Node 22.15 or newer reads zstd.';

function decoderOf(name: string, zlib: typeof import('node:zlib')): Transform | undefined {
  if (name === 'gzip' || name === 'x-gzip') return zlib.createGunzip();
  if (name === 'deflate') return zlib.createInflate();
  if (name === 'br') return zlib.createBrotliDecompress();
  // Of newer Nodes than 20.
  const {createZstdDecompress: zstd} = zlib as {createZstdDecompress?: () => Transform};
  return name === 'zstd' ? zstd?.() : undefined;
}
