-- An identity sequence behind the newest row: the next insert would collide.
with place (relation, newest, handed_out) as (
    select 'sale_sale', (select max(id) from sale_sale), (select last_value from sale_sale_id_seq)
    union all
    select 'account_move', (select max(id) from account_move), (select last_value from account_move_id_seq)
    union all
    select 'account_move_line', (select max(id) from account_move_line),
           (select last_value from account_move_line_id_seq)
    union all
    select 'stock_move', (select max(id) from stock_move), (select last_value from stock_move_id_seq)
    union all
    select 'account_payment', (select max(id) from account_payment), (select last_value from account_payment_id_seq)
)
select * from place where handed_out < newest
