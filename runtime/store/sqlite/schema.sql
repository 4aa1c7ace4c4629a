-- The schema of the store, version 1. A person may query it with the sqlite3
-- shell while TrailAlerts runs; only TrailAlerts writes it.

CREATE TABLE items (
    partition TEXT    NOT NULL,
    sort      TEXT    NOT NULL,
    version   INTEGER NOT NULL, -- how often it was written
    expires   INTEGER NOT NULL, -- in seconds since 1970; from then on it is as good as deleted
    body      TEXT    NOT NULL, -- JSON
    PRIMARY KEY (partition, sort)
) STRICT;

CREATE INDEX items_by_expires ON items (expires);
