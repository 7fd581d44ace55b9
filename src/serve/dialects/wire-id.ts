// Ids of replies and their parts.
import {randomBytes} from 'node:crypto';

/** Such as `msg_09183746551928374655`: 20 random digits. */
export function wireId(prefix: string): string {
  const digits = [...randomBytes(20)].map((byte) => byte % 10).join('');
  return `${prefix}_${digits}`;
}
