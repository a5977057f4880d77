// The tables of the main file, as steps from format to format. `user_version` is the format of the
// file, and `meta.minimum_reader` the oldest format that may read and write it. A step that removes
// something or changes its meaning must raise the minimum reader.

/** Marks a file of Sluice: "Sluc" in ASCII. */
export const APPLICATION_ID = 0x53_6c_75_63;

/** The format that this program writes. */
export const FORMAT = 2;

/** The oldest format that can read and write the files of this program. */
const MINIMUM_READER = 1;

// Columns of times have INTEGER affinity and are not STRICT, because a steady clock has fractions of
// a millisecond. Of unsettled deliveries, due_at, ended_at and look_at are stored times (ClockOffset).
const FIRST = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('minimum_reader', ${MINIMUM_READER}), ('shift_ms', 0),
  ('backstep_ms', 0);

CREATE TABLE keep (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE position (
  source TEXT, path TEXT, resource_version TEXT NOT NULL, at INTEGER NOT NULL,
  retired_at INTEGER,
  PRIMARY KEY (source, path)
) WITHOUT ROWID;

CREATE TABLE gap (
  seq INTEGER PRIMARY KEY, source TEXT NOT NULL, path TEXT NOT NULL, loss TEXT NOT NULL,
  why TEXT NOT NULL, from_version TEXT, from_at INTEGER, to_version TEXT NOT NULL,
  to_at INTEGER NOT NULL
);

CREATE TABLE path (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, is_retired INTEGER NOT NULL
);

CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, path INTEGER NOT NULL,
  event_key TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL, life TEXT NOT NULL,
  fired_at INTEGER NOT NULL, fired_happened_at TEXT NOT NULL, fired_count INTEGER NOT NULL,
  last_happened_at TEXT NOT NULL, last_count INTEGER NOT NULL,
  gone_at INTEGER
);
CREATE INDEX ledger_id ON ledger (id);
CREATE INDEX ledger_event ON ledger (path, event_key);
CREATE INDEX ledger_fired ON ledger (fired_at);
CREATE INDEX ledger_gone ON ledger (gone_at) WHERE gone_at IS NOT NULL;

CREATE TABLE queue (
  id INTEGER PRIMARY KEY, trigger TEXT NOT NULL, object TEXT NOT NULL,
  running INTEGER NOT NULL, look_at INTEGER
);
CREATE UNIQUE INDEX queue_object ON queue (trigger, object);
CREATE INDEX queue_look ON queue (trigger, look_at) WHERE look_at IS NOT NULL;

CREATE TABLE delivery (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, trigger TEXT NOT NULL, rule TEXT NOT NULL,
  object TEXT NOT NULL, state TEXT NOT NULL, dead TEXT, created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL, queue INTEGER, claim TEXT, attempts TEXT NOT NULL,
  attempt_count INTEGER NOT NULL, open_at INTEGER, ended_at INTEGER, started TEXT,
  deaths INTEGER NOT NULL, retried_at INTEGER, settled_at INTEGER,
  -- The latest created_at up to this row: it never falls, whatever the clock does.
  made_at INTEGER NOT NULL
);
CREATE INDEX delivery_state ON delivery (trigger, state);
CREATE INDEX delivery_rule ON delivery (rule);
CREATE INDEX delivery_object ON delivery (object);
CREATE INDEX delivery_made ON delivery (made_at);
CREATE INDEX delivery_due ON delivery (queue, due_at) WHERE state = 'waiting';
CREATE INDEX delivery_order ON delivery (queue) WHERE state = 'waiting';
CREATE INDEX delivery_deaths ON delivery (deaths) WHERE deaths = 1;
CREATE INDEX delivery_settled ON delivery (settled_at) WHERE settled_at IS NOT NULL;

-- Beside the delivery, so that an attempt does not write its Events again.
CREATE TABLE body (seq INTEGER PRIMARY KEY, text TEXT NOT NULL);
`;

// Adds namespaces, which take turns. A program of format 1 can still use the file; it writes '' for a
// namespace. In a file of format 1 the namespace is only in the body. A body may be nested deeper
// than SQLite can parse; json_valid prevents that this fails the step.
const NAMESPACES = `
ALTER TABLE delivery ADD COLUMN namespace TEXT NOT NULL DEFAULT '';
UPDATE delivery SET namespace = ifnull((
  SELECT json_extract(text, '$.occurrences[0].event.metadata.namespace') FROM body
  WHERE body.seq = delivery.seq AND json_valid(text)), '')
WHERE settled_at IS NULL;

ALTER TABLE queue ADD COLUMN namespace TEXT NOT NULL DEFAULT '';
UPDATE queue SET namespace = ifnull((
  SELECT namespace FROM delivery INDEXED BY delivery_order
  WHERE delivery.queue = queue.id AND state = 'waiting' ORDER BY seq LIMIT 1), '');
CREATE INDEX queue_turn ON queue (trigger, namespace, look_at) WHERE look_at IS NOT NULL;

-- The namespace that had the last turn, by trigger.
CREATE TABLE turn (trigger TEXT PRIMARY KEY, namespace TEXT NOT NULL) WITHOUT ROWID;
`;

/** The step at index n migrates a file from format n to n + 1. */
export const STEPS: readonly string[] = [FIRST, NAMESPACES];
