// Observations of the store: opened, full, unavailable, and work that earlier processes left in it. They
// are one part of the union in observation.ts.

/** Something about the store. */
export type StoreObserved =
  | {
      readonly kind: 'store-opened';
      readonly store: string;
      readonly durable: boolean;
      readonly at: string;
      /** The file of the history of decisions; '' for a store that is no file. */
      readonly history: string;
    }
  | {
      /** An earlier version left the store in the working directory, and it is used there. */
      readonly kind: 'store-to-move';
      readonly at: string;
      /** The file that it would be now. */
      readonly to: string;
      /** The line for a shell that moves it; '' if another store lies there. */
      readonly command: string;
    }
  | {
      /** It takes nothing, or takes what it is given again. */
      readonly kind: 'store-trouble';
      readonly state: 'unavailable' | 'available';
      readonly why: string;
    }
  | {
      /** How full it is: told at each change of level, and for a scrape. */
      readonly kind: 'store-usage';
      readonly level: 'fine' | 'near' | 'full';
      /** What happens to new deliveries once it is full. */
      readonly overflow: 'block' | 'shed';
      readonly bytes: number;
      readonly maxBytes: number;
      /** Told for a scrape: the level is the one that was told before. */
      readonly scrape?: true;
      /** Commits since the scrape before. */
      readonly commits?: number;
    }
  | {
      /** What earlier processes left behind was taken up. */
      readonly kind: 'work-resumed';
      /** Attempts whose process died. */
      readonly lost: number;
      readonly unattempted: number;
      /** Since an earlier process was last known to live, in ms; null where there was none. */
      readonly downMs: number | null;
    }
  | {
      /** The history of decisions beside the store failed: decisions of before are not known. */
      readonly kind: 'history-lost';
      readonly file: string;
      /** The name under which the damaged file lies now; null where nothing was moved. */
      readonly movedTo: string | null;
      readonly why: string;
    }
  | { readonly kind: 'clock-jumped'; readonly byMs: number };
