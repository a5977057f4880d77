// Observations of the store: opened, full, unavailable, and the work of earlier processes found in
// it. They are one part of the union in observation.ts.

/** An observation of the store. */
export type StoreObserved =
  | {
      readonly kind: 'store-opened';
      readonly store: string;
      readonly durable: boolean;
      readonly at: string;
      /** The file with the history of decisions; '' for a store without a file. */
      readonly history: string;
    }
  | {
      /** The store is used in the working directory, which is the default of an earlier version. */
      readonly kind: 'store-to-move';
      readonly at: string;
      /** The current default file. */
      readonly to: string;
      /** The shell command that moves it; '' if that file has another store. */
      readonly command: string;
    }
  | {
      /** The store accepts no changes, or accepts them again. */
      readonly kind: 'store-trouble';
      readonly state: 'unavailable' | 'available';
      readonly why: string;
    }
  | {
      /** The store's usage, observed at each change of level and for a scrape. */
      readonly kind: 'store-usage';
      readonly level: 'fine' | 'near' | 'full';
      /** Treatment of new deliveries when it is full. */
      readonly overflow: 'block' | 'shed';
      readonly bytes: number;
      readonly maxBytes: number;
      /** Observed for a scrape, with the level of the last observation. */
      readonly scrape?: true;
      /** Commits since the previous scrape. */
      readonly commits?: number;
    }
  | {
      /** The unfinished work of earlier processes was resumed. */
      readonly kind: 'work-resumed';
      /** Attempts that were running when their process died. */
      readonly lost: number;
      readonly unattempted: number;
      /** Time since the last sign of life of an earlier process, in ms; null if there was none. */
      readonly downMs: number | null;
    }
  | {
      /** The history of decisions beside the store failed, so earlier decisions are unknown. */
      readonly kind: 'history-lost';
      readonly file: string;
      /** The new name of the damaged file; null if it was not moved. */
      readonly movedTo: string | null;
      readonly why: string;
    }
  | { readonly kind: 'clock-jumped'; readonly byMs: number };
