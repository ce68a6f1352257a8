-- A shipment that is done while a move of it is not, or one that has not begun while a move is done.
select shipment.id, shipment.number, shipment.state, move.id as move, move.state as move_state
  from stock_shipment_out shipment
  join stock_move move on move.shipment = 'stock.shipment.out,' || shipment.id
 where (shipment.state = 'done' and move.state not in ('done', 'cancelled'))
    or (shipment.state in ('draft', 'waiting') and move.state = 'done')
