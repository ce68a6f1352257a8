-- A living document without a line, or a line without its document.
select 'sale' as document, id, number from sale_sale sale
 where state not in ('draft', 'cancelled') and not exists (select from sale_line line where line.sale = sale.id)
union all
select 'invoice', id, number from account_invoice invoice
 where state not in ('draft', 'cancelled')
   and not exists (select from account_invoice_line line where line.invoice = invoice.id)
union all
select 'invoice line alone', id, null from account_invoice_line where invoice is null and invoice_type is null
