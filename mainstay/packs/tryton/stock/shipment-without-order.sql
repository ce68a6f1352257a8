-- A shipment with nothing in it, or whose goods nobody ordered.
select shipment.id, shipment.number, shipment.state, count(move.id) as moves, count(line.id) as ordered
  from stock_shipment_out shipment
  left join stock_move move on move.shipment = 'stock.shipment.out,' || shipment.id
  left join sale_line line on move.origin = 'sale.line,' || line.id
 where shipment.state <> 'cancelled'
 group by shipment.id
having count(line.id) = 0
