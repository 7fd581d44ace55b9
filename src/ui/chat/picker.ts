// A list to choose from: what a question or a completion shows.

/** A list to choose from that takes all keys until something is chosen. */
export interface Picker {
  readonly title: string;
  readonly items: readonly Item[];
  /**
   * A question that comes while the person may be typing: what they type goes on into the prompt. Only on an empty
   * prompt the first letter of a label chooses it. Without it typing filters.
   */
  readonly question?: boolean;
  /** Index of the item that is chosen by Enter at first. Default 0. */
  readonly selected?: number;
}

/** One line of a panel: a choice, with what it means. */
export interface Item {
  readonly label: string;
  readonly detail: string;
}
