-- One site's events, in one order, each bound to the one before it by `hash`.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    cause INTEGER CHECK (cause > 0 AND cause < seq),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;
CREATE INDEX event_subject ON event (subject, seq);

CREATE TRIGGER event_follows BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: an event follows the last one'); END;
CREATE TRIGGER event_stays BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: nothing is deleted'); END;
CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: nothing is changed'); END;

-- From here a part of the chain can be verified without what came before it.
CREATE TABLE checkpoint (
    seq INTEGER PRIMARY KEY REFERENCES event (seq),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    at INTEGER NOT NULL
) STRICT;

-- Computed from the events; may be thrown away.
CREATE TABLE snapshot (
    seq INTEGER NOT NULL,
    fold INTEGER NOT NULL,
    sum BLOB NOT NULL CHECK (length(sum) = 32),
    body BLOB NOT NULL,
    PRIMARY KEY (seq, fold)
) STRICT;

-- Computed from the events; may be thrown away. Which blocks of events can hold which three bytes.
CREATE TABLE search (
    part INTEGER NOT NULL,
    page INTEGER NOT NULL,
    sum BLOB NOT NULL CHECK (length(sum) = 32),
    bits BLOB NOT NULL,
    PRIMARY KEY (part, page)
) STRICT, WITHOUT ROWID;
