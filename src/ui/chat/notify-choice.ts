// The ways to be told that an answer is ready, or that a tool asks.

/**
 * `auto`: as this terminal shows notices, while its window is known to be in the background; `bell`: the same with a bell
 * alone; `always`: also while the window is in front, or where nobody says whether it is.
 */
export const NOTIFY_CHOICES = ['off', 'auto', 'bell', 'always'] as const;

export type NotifyChoice = (typeof NOTIFY_CHOICES)[number];
