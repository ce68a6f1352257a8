-- How many orders came in lately.
select count(*) as orders from $(orders) where $(created) >= $(recent)
