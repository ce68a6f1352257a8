"""People at work: they sell, ship, invoice, collect and buy through the ERP's own interface."""
