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

-- What became of each finding that was decided on.
CREATE VIEW findings AS
SELECT
    json_extract(body, '$.finding.event.time')       AS time,
    json_extract(body, '$.outcome')                  AS outcome,
    json_extract(body, '$.finding.rule.level')       AS level,
    json_extract(body, '$.finding.rule.key')         AS rule,
    json_extract(body, '$.finding.rule.title')       AS title,
    json_extract(body, '$.finding.event.account_id') AS account,
    json_extract(body, '$.finding.event.region')     AS region,
    json_extract(body, '$.finding.event.actor')      AS actor,
    json_extract(body, '$.finding.event.source_ip')  AS source_ip,
    json_extract(body, '$.finding.event.source')     AS event_source,
    json_extract(body, '$.finding.event.name')       AS event_name,
    json_extract(body, '$.finding.event.error_code') AS error_code,
    json_extract(body, '$.finding.event.id')         AS event_id,
    json_extract(body, '$.finding.location.bucket')  AS bucket,
    json_extract(body, '$.finding.location.file')    AS file,
    json_extract(body, '$.finding.location.record')  AS record,
    (SELECT group_concat(value, '; ') FROM json_each(body, '$.why')) AS why,
    json_extract(body, '$.done')                     AS done, -- 0: an alert is still to be delivered
    substr(partition, length('finding|') + 1)        AS id
FROM items
WHERE partition >= 'finding|' AND partition < 'finding}' AND sort = 'decision'
    AND expires > CAST(strftime('%s', 'now') AS INTEGER)
    AND json_extract(body, '$.outcome') <> '';

-- The alerts that followed, those of correlations too.
CREATE VIEW alerts AS
SELECT
    json_extract(alert.value, '$.event.time')       AS time,
    json_extract(alert.value, '$.severity')         AS severity,
    json_extract(alert.value, '$.rule.key')         AS rule,
    json_extract(alert.value, '$.rule.title')       AS title,
    json_extract(alert.value, '$.event.account_id') AS account,
    json_extract(alert.value, '$.account_alias')    AS account_alias,
    json_extract(alert.value, '$.event.region')     AS region,
    json_extract(alert.value, '$.event.actor')      AS actor,
    json_extract(alert.value, '$.event.source_ip')  AS source_ip,
    json_extract(alert.value, '$.address.country')  AS country,
    json_extract(alert.value, '$.event.source')     AS event_source,
    json_extract(alert.value, '$.event.name')       AS event_name,
    (SELECT group_concat(json_extract(value, '$.key'), '; ') FROM json_each(alert.value, '$.completed')) AS completes, -- thresholds and correlations
    coalesce(json_extract(alert.value, '$.suppressed'), 0) AS suppressed, -- alerts like it that the cooldown held back before
    (SELECT group_concat(value, '; ') FROM json_each(alert.value, '$.why')) AS why,
    substr(items.partition, length('finding|') + 1) AS finding -- the id of the finding that led to it
FROM items, json_each(items.body, '$.alerts') AS alert
WHERE items.partition >= 'finding|' AND items.partition < 'finding}' AND items.sort = 'decision'
    AND items.expires > CAST(strftime('%s', 'now') AS INTEGER)
    AND alert.type = 'object';

-- How the sending of each alert to each channel stands.
CREATE VIEW deliveries AS
SELECT
    json_extract(body, '$.sent')               AS sent,
    json_extract(body, '$.status')             AS status,
    sort                                       AS channel,
    json_extract(body, '$.attempts')           AS attempts,
    json_extract(body, '$.unknown')            AS unknown, -- attempts of which nobody wrote down how they went
    json_extract(body, '$.error')              AS error,   -- of the last attempt
    substr(partition, length('delivery|') + 1) AS alert
FROM items
WHERE partition >= 'delivery|' AND partition < 'delivery}'
    AND expires > CAST(strftime('%s', 'now') AS INTEGER);
