-- Signed checkpoints of the ledger.
SELECT 1;
