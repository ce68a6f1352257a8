-- A storage place that holds less than nothing of a product, reservations included.
with flow as (
    select to_location as location, product, internal_quantity as quantity
      from stock_move where state in ('assigned', 'done')
    union all
    select from_location, product, -internal_quantity from stock_move where state in ('assigned', 'done')
)
select place.name as location, product.code as product, sum(flow.quantity) as quantity
  from flow
  join stock_location place on place.id = flow.location and place.type = 'storage'
  join product_product product on product.id = flow.product
 group by place.id, place.name, product.id, product.code
having sum(flow.quantity) < -0.000001
