-- Membership and reminders of Orleans. The providers (Microsoft.Orleans.Clustering.AdoNet and .Reminders.AdoNet) look their statements up
-- in OrleansQuery: the keys, the parameters (@Name) and the names of the columns that come back are theirs; tables and statements are ours.

CREATE TABLE OrleansQuery (
    QueryKey  text PRIMARY KEY,
    QueryText text NOT NULL
);

-- One row per cluster. Its version fences every change of a member: of two that read the same version, one wins.
CREATE TABLE orleans_membership_version (
    deployment text PRIMARY KEY,
    version    integer     NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);

CREATE TABLE orleans_membership (
    deployment    text        NOT NULL REFERENCES orleans_membership_version (deployment),
    address       text        NOT NULL,
    port          integer     NOT NULL,
    generation    integer     NOT NULL,
    silo_name     text        NOT NULL,
    host_name     text        NOT NULL,
    status        integer     NOT NULL,
    proxy_port    integer     NOT NULL,
    suspect_times text,
    started_at    timestamptz NOT NULL,
    alive_at      timestamptz NOT NULL,
    PRIMARY KEY (deployment, address, port, generation)
) WITH (fillfactor = 20);

-- Each write takes a version of its own: a reminder that was deleted and made again never matches an old etag.
CREATE SEQUENCE orleans_reminder_version AS integer CYCLE;

CREATE TABLE orleans_reminder (
    service    text        NOT NULL,
    grain      text        NOT NULL,
    name       text        NOT NULL,
    starts_at  timestamptz NOT NULL,
    period     bigint      NOT NULL,
    grain_hash integer     NOT NULL,
    version    integer     NOT NULL,
    PRIMARY KEY (service, grain, name)
);

CREATE INDEX orleans_reminder_by_hash ON orleans_reminder (service, grain_hash);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES

-- True for the one that made the row.
('InsertMembershipVersionKey', '
    WITH made AS (INSERT INTO orleans_membership_version (deployment) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*) FROM made'),

-- Both changes or none: the member is written only by the statement that took the next version.
('InsertMembershipKey', '
    WITH taken AS (
        UPDATE orleans_membership_version AS v SET version = v.version + 1, changed_at = now()
        WHERE v.deployment = @DeploymentId AND v.version = @Version AND NOT EXISTS (
            SELECT FROM orleans_membership AS m
            WHERE m.deployment = @DeploymentId AND m.address = @Address AND m.port = @Port AND m.generation = @Generation)
        RETURNING v.deployment),
    made AS (
        INSERT INTO orleans_membership (deployment, address, port, generation, silo_name, host_name, status, proxy_port, started_at, alive_at)
        SELECT t.deployment, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM taken AS t
        RETURNING 1)
    SELECT count(*) FROM made'),

('UpdateMembershipKey', '
    WITH taken AS (
        UPDATE orleans_membership_version AS v SET version = v.version + 1, changed_at = now()
        WHERE v.deployment = @DeploymentId AND v.version = @Version AND EXISTS (
            SELECT FROM orleans_membership AS m
            WHERE m.deployment = @DeploymentId AND m.address = @Address AND m.port = @Port AND m.generation = @Generation)
        RETURNING v.deployment),
    changed AS (
        UPDATE orleans_membership AS m SET status = @Status, suspect_times = @SuspectTimes, alive_at = @IAmAliveTime
        FROM taken AS t
        WHERE m.deployment = t.deployment AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
        RETURNING 1)
    SELECT count(*) FROM changed'),

('UpdateIAmAlivetimeKey', '
    UPDATE orleans_membership SET alive_at = @IAmAliveTime
    WHERE deployment = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation'),

-- A row comes back even without members: it carries the version.
('MembershipReadRowKey', '
    SELECT m.address AS Address, m.port AS Port, m.generation AS Generation, m.silo_name AS SiloName, m.host_name AS HostName,
           m.status AS Status, m.proxy_port AS ProxyPort, m.suspect_times AS SuspectTimes, m.started_at AS StartTime,
           m.alive_at AS IAmAliveTime, v.version AS Version
    FROM orleans_membership_version AS v
    LEFT JOIN orleans_membership AS m
        ON m.deployment = v.deployment AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
    WHERE v.deployment = @DeploymentId'),

('MembershipReadAllKey', '
    SELECT m.address AS Address, m.port AS Port, m.generation AS Generation, m.silo_name AS SiloName, m.host_name AS HostName,
           m.status AS Status, m.proxy_port AS ProxyPort, m.suspect_times AS SuspectTimes, m.started_at AS StartTime,
           m.alive_at AS IAmAliveTime, v.version AS Version
    FROM orleans_membership_version AS v
    LEFT JOIN orleans_membership AS m ON m.deployment = v.deployment
    WHERE v.deployment = @DeploymentId'),

('GatewaysQueryKey', '
    SELECT address AS Address, proxy_port AS ProxyPort, generation AS Generation
    FROM orleans_membership
    WHERE deployment = @DeploymentId AND status = @Status AND proxy_port > 0'),

-- One statement: members first, since the constraint is checked at its end.
('DeleteMembershipTableEntriesKey', '
    WITH gone AS (DELETE FROM orleans_membership WHERE deployment = @DeploymentId)
    DELETE FROM orleans_membership_version WHERE deployment = @DeploymentId'),

-- 6 is dead: a silo that only starts slowly is not cleaned away.
('CleanupDefunctSiloEntriesKey', '
    DELETE FROM orleans_membership WHERE deployment = @DeploymentId AND status = 6 AND alive_at < @IAmAliveTime'),

-- Asked for one silo at a time, with the row as it was read: what has changed since stays.
('CleanupDefunctSiloEntryKey', '
    DELETE FROM orleans_membership
    WHERE deployment = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation AND status = 6
      AND started_at = @StartTime AND alive_at = @IAmAliveTime AND suspect_times IS NOT DISTINCT FROM @SuspectTimes'),

('ReadReminderRowsKey', '
    SELECT grain AS GrainId, name AS ReminderName, starts_at AS StartTime, period AS Period, version AS Version
    FROM orleans_reminder WHERE service = @ServiceId AND grain = @GrainId'),

('ReadReminderRowKey', '
    SELECT grain AS GrainId, name AS ReminderName, starts_at AS StartTime, period AS Period, version AS Version
    FROM orleans_reminder WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName'),

-- A range of the ring, and one that goes over its seam.
('ReadRangeRows1Key', '
    SELECT grain AS GrainId, name AS ReminderName, starts_at AS StartTime, period AS Period, version AS Version
    FROM orleans_reminder WHERE service = @ServiceId AND grain_hash > @BeginHash AND grain_hash <= @EndHash'),

('ReadRangeRows2Key', '
    SELECT grain AS GrainId, name AS ReminderName, starts_at AS StartTime, period AS Period, version AS Version
    FROM orleans_reminder WHERE service = @ServiceId AND (grain_hash > @BeginHash OR grain_hash <= @EndHash)'),

('UpsertReminderRowKey', '
    INSERT INTO orleans_reminder (service, grain, name, starts_at, period, grain_hash, version)
    VALUES (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, nextval(''orleans_reminder_version''))
    ON CONFLICT (service, grain, name) DO UPDATE
        SET starts_at = excluded.starts_at, period = excluded.period, grain_hash = excluded.grain_hash, version = excluded.version
    RETURNING version AS Version'),

('DeleteReminderRowKey', '
    WITH gone AS (
        DELETE FROM orleans_reminder
        WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName AND version = @Version
        RETURNING 1)
    SELECT count(*) FROM gone'),

('DeleteReminderRowsKey', '
    DELETE FROM orleans_reminder WHERE service = @ServiceId');
