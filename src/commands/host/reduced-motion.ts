// What the environment says about people to whom a changing screen is no help.

/** True when a screen reader reads the terminal: lines may only be added. */
export function hasScreenReader(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.ACCESSIBLE) || env.INK_SCREEN_READER === 'true';
}

/** True when nothing is to move: asked for, or because of a screen reader. */
export function asksForReducedMotion(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.MISTRAL_REDUCED_MOTION) || hasScreenReader(env);
}
