-- Tryton keeps some links as text ("model,id"), which the database cannot protect.
select 'stock_move.origin' as place, link.id, link.origin as reference
  from stock_move link
 where link.origin like 'sale.line,%'
   and not exists (select from sale_line target where target.id = split_part(link.origin, ',', 2)::int)
union all
select 'stock_move.origin', link.id, link.origin
  from stock_move link
 where link.origin like 'purchase.line,%'
   and not exists (select from purchase_line target where target.id = split_part(link.origin, ',', 2)::int)
union all
select 'stock_move.shipment', link.id, link.shipment
  from stock_move link
 where link.shipment like 'stock.shipment.out,%'
   and not exists (select from stock_shipment_out target where target.id = split_part(link.shipment, ',', 2)::int)
union all
select 'stock_move.shipment', link.id, link.shipment
  from stock_move link
 where link.shipment like 'stock.shipment.in,%'
   and not exists (select from stock_shipment_in target where target.id = split_part(link.shipment, ',', 2)::int)
union all
select 'account_move.origin', link.id, link.origin
  from account_move link
 where link.origin like 'account.invoice,%'
   and not exists (select from account_invoice target where target.id = split_part(link.origin, ',', 2)::int)
union all
select 'account_move.origin', link.id, link.origin
  from account_move link
 where link.origin like 'account.payment,%'
   and not exists (select from account_payment target where target.id = split_part(link.origin, ',', 2)::int)
union all
select 'account_move_line.origin', link.id, link.origin
  from account_move_line link
 where link.origin like 'account.invoice.line,%'
   and not exists (select from account_invoice_line target where target.id = split_part(link.origin, ',', 2)::int)
union all
select 'account_invoice_line.origin', link.id, link.origin
  from account_invoice_line link
 where link.origin like 'sale.line,%'
   and not exists (select from sale_line target where target.id = split_part(link.origin, ',', 2)::int)
union all
select 'account_invoice_line.origin', link.id, link.origin
  from account_invoice_line link
 where link.origin like 'purchase.line,%'
   and not exists (select from purchase_line target where target.id = split_part(link.origin, ',', 2)::int)
union all
select 'account_statement_line.related_to', link.id, link.related_to
  from account_statement_line link
 where link.related_to like 'account.payment,%'
   and not exists (select from account_payment target where target.id = split_part(link.related_to, ',', 2)::int)
