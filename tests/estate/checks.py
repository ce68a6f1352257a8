"""A small set of business checks, written for these tests: each query returns one row for each violation."""

from __future__ import annotations

CHECKS = {
    "A1_unbalanced_move": """
        SELECT m.id FROM account_move m LEFT JOIN account_move_line l ON l.move = m.id
        GROUP BY m.id HAVING coalesce(sum(l.debit - l.credit), 0) <> 0""",
    "A2_unbalanced_period": """
        SELECT m.period FROM account_move m JOIN account_move_line l ON l.move = m.id
        GROUP BY m.period HAVING sum(l.debit) <> sum(l.credit)""",
    "A3_subledger_vs_gl": """
        SELECT l.account FROM account_move_line l JOIN account_account a ON a.id = l.account
        JOIN account_account_type t ON t.id = a.type WHERE t.receivable OR t.payable GROUP BY l.account
        HAVING coalesce(sum(l.debit - l.credit) FILTER (WHERE l.reconciliation IS NOT NULL), 0) <> 0""",
    "A4_invoice_vs_ledger": """
        SELECT i.id FROM account_invoice i JOIN account_move_line l ON l.move = i.move AND l.account = i.account
        WHERE i.state IN ('posted', 'paid') GROUP BY i.id
        HAVING abs(sum(l.debit - l.credit)) <> abs(i.total_amount_cache)""",
    "A6_reconciliation_unbalanced": """
        SELECT reconciliation FROM account_move_line WHERE reconciliation IS NOT NULL
        GROUP BY 1 HAVING sum(debit - credit) <> 0 OR count(DISTINCT account) > 1""",
    "A7_move_outside_period": """
        SELECT m.id FROM account_move m JOIN account_period p ON p.id = m.period
        WHERE m.date NOT BETWEEN p.start_date AND p.end_date""",
    "A10_duplicate_reference": """
        SELECT party, reference FROM account_invoice
        WHERE type = 'in' AND reference IS NOT NULL AND state <> 'cancelled'
        GROUP BY 1, 2 HAVING count(*) > 1
        UNION ALL SELECT party, reference FROM sale_sale WHERE reference IS NOT NULL AND state <> 'cancelled'
        GROUP BY party, reference, sale_date HAVING count(*) > 1""",
    "B1_negative_stock": """
        SELECT place, product FROM (
            SELECT to_location AS place, product, internal_quantity AS q
            FROM stock_move WHERE state IN ('assigned', 'done')
            UNION ALL SELECT from_location, product, -internal_quantity
            FROM stock_move WHERE state IN ('assigned', 'done')) m
        JOIN stock_location l ON l.id = m.place AND l.type = 'storage'
        GROUP BY 1, 2 HAVING sum(q) < -0.000001""",
    "C1_sale_stuck": """
        SELECT s.id FROM sale_sale s WHERE (
            (s.state = 'processing' AND s.shipment_state IN ('none', 'waiting')
             AND 48 < (SELECT extract(epoch FROM now() AT TIME ZONE 'utc' - max(l.create_date)) / 3600
                FROM ir_model_log l WHERE l.resource = 'sale.sale,' || s.id AND l.event = 'transition'
                  AND starts_with(l.target, 'state:')))
            OR 'exception' IN (s.shipment_state, s.invoice_state))""",
    "C4_shipment_stuck": """
        SELECT s.id FROM stock_shipment_out s
        WHERE s.state IN ('waiting', 'assigned', 'picked', 'packed')
          AND coalesce(s.planned_date, current_date) <= current_date
          AND coalesce((SELECT max(l.create_date) FROM ir_model_log l
                WHERE l.resource = 'stock.shipment.out,' || s.id AND l.event = 'transition'), s.create_date)
            < now() AT TIME ZONE 'utc' - interval '24 hours'""",
    "C6_invoice_unpaid_overdue": """
        SELECT i.id FROM account_invoice i JOIN account_move_line l ON l.move = i.move AND l.account = i.account
        WHERE i.state = 'posted' AND l.reconciliation IS NULL
          AND l.maturity_date < (now() AT TIME ZONE 'utc')::date - 7""",
    "C7_invoice_state_vs_reconciliation": """
        SELECT i.id FROM account_invoice i JOIN account_move_line l ON l.move = i.move AND l.account = i.account
        WHERE i.state IN ('posted', 'paid') GROUP BY i.id
        HAVING (i.state = 'paid') <> (count(*) FILTER (WHERE l.reconciliation IS NULL) = 0)""",
    "S7_statement_chain": """
        SELECT id FROM (
            SELECT id, start_balance, lag(end_balance) OVER (PARTITION BY journal ORDER BY date, id) AS before
            FROM account_statement WHERE state <> 'cancelled') s
        WHERE before <> start_balance""",
    "D1_orphan_reference": """
        SELECT l.id FROM account_move_line l WHERE starts_with(l.origin, 'account.invoice.line,')
          AND NOT EXISTS (SELECT 1 FROM account_invoice_line i WHERE i.id = split_part(l.origin, ',', 2)::int)
        UNION ALL SELECT m.id FROM stock_move m WHERE starts_with(m.origin, 'sale.line,')
          AND NOT EXISTS (SELECT 1 FROM sale_line s WHERE s.id = split_part(m.origin, ',', 2)::int)""",
    "F1_leaver_active": """
        SELECT u.id FROM res_user u JOIN company_employee e ON e.id = u.employee
        WHERE u.active AND e.end_date < (now() AT TIME ZONE 'utc')::date""",
    "F2_leaver_still_has_access": """
        SELECT u.id FROM res_user u JOIN ir_session s ON s.create_uid = u.id WHERE NOT u.active""",
    "G2_cron_late": """
        SELECT id FROM ir_cron WHERE active AND coalesce(next_call, create_date) + interval '10 minutes'
            + interval_number * ('1 ' || interval_type)::interval < now() AT TIME ZONE 'utc'""",
    "G4_queue": """
        SELECT id FROM ir_queue WHERE finished_at IS NULL
          AND coalesce(dequeued_at, scheduled_at, enqueued_at) < now() AT TIME ZONE 'utc' - interval '10 minutes'""",
    "G5_error_open": "SELECT id FROM ir_error WHERE state IN ('open', 'processing')",
}
