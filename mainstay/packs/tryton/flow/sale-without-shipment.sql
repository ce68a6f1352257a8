-- Confirmed goods for which the warehouse was never asked.
select sale.id, sale.number, sale.state, sale.create_date as entered, sale.total_amount_cache as amount
  from sale_sale sale
 where sale.state in ('processing', 'done') and sale.shipment_method = 'order'
   and sale.create_date < :now - make_interval(hours => :confirmed_hours)
   and exists (select from sale_line line
                 join product_product product on product.id = line.product
                 join product_template template on template.id = product.template
                where line.sale = sale.id and line.type = 'line' and line.quantity > 0 and template.type = 'goods')
   and not exists (select from sale_line line join stock_move move on move.origin = 'sale.line,' || line.id
                    where line.sale = sale.id)
