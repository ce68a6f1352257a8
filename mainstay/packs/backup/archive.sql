with archiver as (
  select case when last_archived_wal ~ '^[0-9A-F]{24}' then last_archived_wal end as wal,
         last_failed_time > coalesce(last_archived_time, '-infinity') as failing,
         pg_size_bytes(current_setting('wal_segment_size')) as segment
  from pg_stat_archiver
),
place as (
  select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint / segment as here,
         ('x' || substr(wal, 9, 8))::bit(32)::bigint * (4294967296 / segment)
           + ('x' || substr(wal, 17, 8))::bit(32)::bigint as archived,
         failing
  from archiver
)
select greatest(here - coalesce(archived, 0) - 1, 0) as waiting,
       coalesce(failing, false)::int as failing
from place
