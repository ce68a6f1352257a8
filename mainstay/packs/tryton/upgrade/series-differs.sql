-- The schema's series is not the one that the programs expect.
select series as database, :series as expected from ir_configuration where series is distinct from :series
