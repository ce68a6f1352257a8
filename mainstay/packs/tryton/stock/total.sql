-- Goods on hand by storage place, as one text.
with flow as (
    select to_location as location, internal_quantity as quantity from stock_move where state = 'done'
    union all
    select from_location, -internal_quantity from stock_move where state = 'done'
),
held as (
    select place.id, place.name, round(sum(flow.quantity)::numeric, 6) as quantity
      from flow join stock_location place on place.id = flow.location and place.type = 'storage'
     group by place.id, place.name
)
select string_agg(name || ' (' || id || '): ' || quantity, '; ' order by id) as stock from held
