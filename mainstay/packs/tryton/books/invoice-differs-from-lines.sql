-- Net and tax of a posted invoice against its lines. Tryton rounds a line half to even, PostgreSQL half away from
-- zero, so the line is counted in cents and an exact half goes to the even cent.
with cents as (
    select line.invoice, line.quantity::numeric * line.unit_price * 100 as exact
      from account_invoice_line line
     where line.type = 'line'
), net as (
    select invoice,
           sum(case when mod(abs(exact), 1) = 0.5 then sign(exact) * 2 * trunc((abs(exact) + 0.5) / 2)
                    else round(exact) end) / 100 as amount
      from cents group by invoice
), tax as (
    select invoice, sum(amount) as amount from account_invoice_tax group by invoice
)
select invoice.id, invoice.number, invoice.untaxed_amount_cache as net, coalesce(net.amount, 0) as net_of_lines,
       invoice.tax_amount_cache as tax, coalesce(tax.amount, 0) as tax_of_rows
  from account_invoice invoice
  left join net on net.invoice = invoice.id
  left join tax on tax.invoice = invoice.id
 where invoice.state in ('posted', 'paid')
   and (invoice.untaxed_amount_cache is distinct from coalesce(net.amount, 0)
     or invoice.tax_amount_cache is distinct from coalesce(tax.amount, 0))
