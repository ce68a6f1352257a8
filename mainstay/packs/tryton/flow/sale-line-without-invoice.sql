-- Sold, to be invoiced on order, and never asked to be paid for.
select sale.id, sale.number, line.id as sale_line, sale.invoice_state, line.quantity * line.unit_price as amount
  from sale_sale sale
  join sale_line line on line.sale = sale.id and line.type = 'line' and line.quantity <> 0
 where sale.state in ('processing', 'done') and sale.invoice_method = 'order'
   and sale.create_date < :now - make_interval(hours => :confirmed_hours)
   and not exists (select from account_invoice_line invoiced where invoiced.origin = 'sale.line,' || line.id)
