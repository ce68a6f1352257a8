-- Never more than ordered; and all of it once the sale says "sent".
with goods as (
    select line.id, line.sale, line.quantity as ordered,
           coalesce((select sum(move.quantity) from stock_move move
                      where move.origin = 'sale.line,' || line.id and move.state = 'done'), 0) as shipped
      from sale_line line
      join product_product product on product.id = line.product
      join product_template template on template.id = product.template and template.type = 'goods'
     where line.type = 'line' and line.quantity > 0
)
select sale.number, goods.id as sale_line, sale.shipment_state, goods.ordered, goods.shipped
  from goods join sale_sale sale on sale.id = goods.sale and sale.state in ('processing', 'done')
 where goods.shipped > goods.ordered + 0.000001
    or (sale.shipment_state = 'sent' and goods.shipped < goods.ordered - 0.000001)
