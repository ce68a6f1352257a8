-- How many indexes and constraints the schema has; fewer than at hand-over means that some were dropped.
select (select count(*) from pg_indexes where schemaname = 'public') as indexes,
       (select count(*) from pg_constraint where connamespace = 'public'::regnamespace) as constraints
