-- The goods are gone and the invoice is still a draft.
select invoice.id, invoice.state, invoice.create_date as entered, invoice.total_amount_cache as amount
  from account_invoice invoice
 where invoice.type = 'out' and invoice.state in ('draft', 'validated')
   and invoice.create_date < :now - make_interval(hours => :invoice_hours)
   and exists (select from account_invoice_line line
                 join sale_line sold on line.origin = 'sale.line,' || sold.id
                 join sale_sale sale on sale.id = sold.sale
                where line.invoice = invoice.id and sale.shipment_state = 'sent')
