// A shade a little lighter or darker than the terminal's background, to tell questions from answers.
import type {Style} from '../markdown/style.ts';

/** Of white on a dark background, of black on a light one. */
const SHARE = 0.06;
/** Relative luminance below which a background is dark. */
const DARK = 0.18;

/**
 * The style for text on a background of these hex digits, of which each third is a channel; undefined for what is no colour.
 */
export function tintFor(rgb: string): Style | undefined {
  const digits = rgb.length / 3;
  if (!/^[\da-f]+$/i.test(rgb) || !Number.isInteger(digits) || digits > 4) return undefined;
  const most = 16 ** digits - 1;
  const channels = [0, 1, 2].map((at) => Number.parseInt(rgb.slice(at * digits, (at + 1) * digits), 16) / most);
  const goal = luminance(channels) < DARK ? 1 : 0;
  const mixed = channels.map((value) => Math.round(255 * (value + (goal - value) * SHARE)));
  return `48;2;${mixed.join(';')}`;
}

/** Of the linear values (sRGB, ITU-R BT.709). */
function luminance(channels: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = channels.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
